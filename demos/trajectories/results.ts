/** The numbers of the page: work of both legs, and the error of the round trip at every tolerance. */
import { Chart } from "../shared/chart.js";
import { byId, make, setText } from "../shared/dom.js";
import { integer, powerOfTen, scientific } from "../shared/format.js";
import type { Carried, Measured } from "./protocol.js";

export class Results {
  readonly #chart = new Chart(byId("error-chart", HTMLElement), {
    yLabel: "round-trip error (units of x and y)",
    xLabel: "tolerance per step (units of x and y)",
    height: 240,
    log: { x: true, y: true },
    curves: [
      { label: "largest", color: "--warm", dots: true },
      { label: "median", color: "--accent", dots: true, dash: [5, 4] },
    ],
  });

  showCarried({ out, back, error, adapter }: Carried): void {
    for (const [name, leg] of [
      ["out", out],
      ["back", back],
    ] as const) {
      setText(byId(`${name}-accepted`, HTMLElement), integer(leg.accepted));
      setText(byId(`${name}-rejected`, HTMLElement), integer(leg.rejected));
      setText(byId(`${name}-nfe`, HTMLElement), integer(leg.nfe));
    }
    setText(byId("error-max", HTMLElement), scientific(error.max));
    setText(byId("error-median", HTMLElement), scientific(error.median));
    setText(byId("value-adapter", HTMLElement), adapter ?? "CPU, float64");
  }

  showMeasured({ rows }: Measured, chosen: number): void {
    byId("error-rows", HTMLElement).replaceChildren(
      ...rows.map(({ tolerance, max, median, nfe }) => {
        const name = powerOfTen(Math.round(Math.log10(tolerance)));
        const cells = [scientific(max), scientific(median), integer(nfe)];
        const row = make("tr", {}, make("th", { scope: "row", textContent: name }));
        row.append(...cells.map((textContent) => make("td", { textContent })));
        if (tolerance === chosen) row.setAttribute("aria-current", "true");
        return row;
      }),
    );
    const rising = [...rows].sort((a, b) => a.tolerance - b.tolerance);
    // A lone particle may come home exactly: an error of 0 has no place on a logarithmic axis.
    const shown = (value: number) => (value > 0 ? value : null);
    this.#chart.update(
      [
        rising.map(({ tolerance }) => tolerance),
        rising.map(({ max }) => shown(max)),
        rising.map(({ median }) => shown(median)),
      ],
      `Largest round-trip error: ${rows.map(({ tolerance, max }) => `${scientific(max)} at tolerance ${scientific(tolerance, 0)}`).join(", ")}.`,
    );
  }
}
