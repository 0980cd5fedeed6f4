/** Along a path: the divergence by kept probes, and what it makes of log p and of the loss. */
import { Chart, type Columns } from "../shared/chart.js";
import { byId, make } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import { Histogram } from "./histogram.js";
import { EXACT, LOOKS } from "./looks.js";
import { RunningMoments } from "./moments.js";
import type { Estimated, Followed, Independent } from "./protocol.js";

/** Half of the histogram's window, in standard deviations of the widest. */
const ROOM = 3.2;

export class PathView {
  readonly #chart = new Chart(byId("divergence", HTMLElement), {
    yLabel: "divergence, 1 / unit of t",
    xLabel: "time t, from data to noise",
    height: 230,
    curves: [],
  });
  readonly #histogram = new Histogram(byId("log-p", HTMLElement), "log p of the point (nats)");
  readonly #rows = byId("path-rows", HTMLTableSectionElement);

  show(followed: Followed, distributions: readonly Independent[]): void {
    const estimated = followed.estimated.filter(({ distribution }) => distributions.includes(distribution));
    this.#chart.setCurves([
      ...estimated.flatMap(({ distribution, curves }) =>
        curves.map((_, k) => ({
          label: k === 0 ? `${LOOKS[distribution].name}, one line a solve` : "",
          color: LOOKS[distribution].color,
          width: 1.25,
        })),
      ),
      { label: "exact", color: EXACT, width: 2.5 },
    ]);
    const columns = estimated.flatMap(({ curves }) => curves.map((curve) => [...curve]));
    this.#chart.update(
      [[...followed.times], ...columns, [...followed.divergence]] as Columns,
      `Divergence along the path, from ${decimal(followed.divergence[0], 2)} at the data to ${decimal(followed.divergence.at(-1), 2)} at the noise, with lines of solves that keep their probes and so keep to one side for long.`,
    );
    const rows = estimated.map((each) => ({ ...each, spread: new RunningMoments().add(each.logProb) }));
    const room = ROOM * Math.max(...rows.map(({ spread }) => spread.deviation), 1e-6);
    this.#histogram.show(rows.map(({ distribution }) => distribution));
    this.#histogram.update(
      rows.map(({ logProb }) => logProb),
      followed.logProb,
      [followed.logProb - room, followed.logProb + room],
      `log p of the point is ${decimal(followed.logProb)} nats. ${rows
        .map(({ distribution, spread, logProb }) => {
          const { name } = LOOKS[distribution];
          return `${integer(logProb.length)} ${name} solves: ${decimal(spread.mean)} with deviation ${decimal(spread.deviation)}.`;
        })
        .join(" ")}`,
    );
    this.#rows.replaceChildren(exactRow(followed), ...estimated.map(rowOf));
  }
}

function exactRow({ logProb, loss }: Followed): HTMLTableRowElement {
  const cell = (value: number, testId: string) => {
    const made = make("td", { textContent: decimal(value) });
    made.dataset.testid = testId;
    return made;
  };
  const name = make("th", { scope: "row", textContent: "exact" });
  return make("tr", {}, name, cell(logProb, "log-p-exact"), make("td"), cell(loss, "loss-exact"), make("td"));
}

function rowOf({ distribution, logProb, losses }: Estimated): HTMLTableRowElement {
  const cells = [logProb, losses].flatMap((values, i) => {
    const { mean, deviation } = new RunningMoments().add(values);
    return (["mean", "deviation"] as const).map((what) => {
      const made = make("td", { textContent: decimal(what === "mean" ? mean : deviation) });
      made.dataset.testid = `${i === 0 ? "log-p" : "loss"}-${what}-${distribution}`;
      return made;
    });
  });
  return make("tr", {}, make("th", { scope: "row", textContent: LOOKS[distribution].name }), ...cells);
}
