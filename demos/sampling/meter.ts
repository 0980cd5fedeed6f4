/** The quality of the samples as a chart, numbers and words. */
import { Chart } from "../shared/chart.js";
import { byId, setText } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import type { Measured } from "./protocol.js";

export class Meter {
  readonly #chart = new Chart(byId("meter", HTMLElement), {
    xLabel: "points in each set",
    yLabel: "energy distance (units of the plane)",
    height: 260,
    log: { x: true, y: true },
    curves: [
      { label: "samples against data", color: "--accent", dots: true },
      { label: "data against data, on average", color: "--warm", dash: [6, 4] },
      { label: "nine of ten such pairs", color: "--warm", width: 0, fill: { opacity: 0.16, down: 1 } },
      { label: "", color: "--warm", width: 0 },
    ],
  });

  show({ sizes, flow, data, range: [low, high] }: Measured): void {
    const [n, distance] = [sizes.at(-1)!, flow.at(-1)!];
    const ratio = distance / data.at(-1)!;
    const factor = ratio < 10 ? decimal(ratio, 1) : integer(ratio);
    const verdict =
      ratio > high
        ? "That is more than nine of ten pairs of true sets have: at this size the samples differ from data."
        : "True sets have as much by chance: at this size the samples cannot be told from data this way.";
    const summary =
      `${integer(n)} samples are at an energy distance of ${decimal(distance, 4)} from as many points of the data, ` +
      `${factor} times what two sets of true points have on average.`;
    const scaled = (by: number) => data.map((value) => value * by);
    this.#chart.update([[...sizes], [...flow], [...data], scaled(high), scaled(low)], summary);
    setText(byId("value-distance", HTMLElement), decimal(distance, 4));
    setText(byId("value-ratio", HTMLElement), factor);
    setText(byId("value-size", HTMLElement), integer(n));
    setText(byId("meter-verdict", HTMLElement), verdict);
  }
}
