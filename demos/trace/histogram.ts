/** A chart of one histogram for each kind of probes. */
import { Chart } from "../shared/chart.js";
import { histogramColumns } from "./bins.js";
import { EXACT, LOOKS } from "./looks.js";
import type { Independent } from "./protocol.js";

export class Histogram {
  readonly #chart: Chart;

  /** @param xLabel with the unit */
  constructor(host: HTMLElement, xLabel: string) {
    this.#chart = new Chart(host, { yLabel: "estimates (%)", xLabel, height: 230, counts: true, curves: [] });
  }

  show(distributions: readonly Independent[]): void {
    this.#chart.setCurves([
      ...distributions.map((each) => ({
        label: LOOKS[each].name,
        color: LOOKS[each].color,
        width: 1.5,
        stairs: true,
        joined: true,
        fill: { opacity: 0.25 },
      })),
      { label: "exact", color: EXACT, width: 2.5, joined: true },
    ]);
  }

  update(
    groups: readonly ArrayLike<number>[],
    exact: number,
    window: readonly [number, number],
    summary: string,
  ): void {
    this.#chart.update(histogramColumns(groups, exact, window), summary);
  }
}
