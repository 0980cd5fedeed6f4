/** The curves of a run and the table of their values. */
import { Chart, type Columns } from "../shared/chart.js";
import { byId, make } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import type { History } from "./history.js";

const TABLE_ROWS = 20;

export class Charts {
  readonly #nll = new Chart(byId("chart-nll", HTMLElement), {
    yLabel: "NLL (nats)",
    height: 220,
    curves: [
      { label: "training", color: "--ink-soft", width: 1 },
      { label: "held out", color: "--accent", width: 2.5, joined: true },
      { label: "entropy of the data", color: "--warm", dash: [6, 5] },
    ],
  });
  readonly #nfe = new Chart(byId("chart-nfe", HTMLElement), {
    yLabel: "evaluations",
    height: 140,
    counts: true,
    curves: [
      { label: "forward", color: "--accent", width: 2 },
      // With fixed steps both are the same: the dashes let the line below be seen.
      { label: "backward", color: "--warm", width: 2, dash: [6, 5] },
    ],
  });
  readonly #time = new Chart(byId("chart-time", HTMLElement), {
    yLabel: "ms per step",
    height: 140,
    log: { y: true },
    curves: [{ label: "", color: "--accent", width: 1.5, joined: true }],
  });
  readonly #logX = byId("chart-log", HTMLInputElement);
  readonly #details = byId("chart-table", HTMLDetailsElement);
  #floor: number | undefined;
  #summary = "nothing yet";

  constructor(readonly history: History) {
    this.#logX.addEventListener("change", () => {
      for (const chart of [this.#nll, this.#nfe, this.#time]) chart.setLogX(this.#logX.checked);
      this.draw(this.#floor, this.#summary);
    });
    this.#details.addEventListener("toggle", () => this.#table());
  }

  /** @param floor entropy of the data, where it is known @param summary the state of the run in a sentence */
  draw(floor: number | undefined, summary: string): void {
    this.#floor = floor;
    this.#summary = summary;
    const { history } = this;
    this.#nll.update(this.#shown(history.nll(floor)), `Negative log-likelihood in nats, ${summary}`);
    this.#nfe.update(this.#shown(history.evaluations()), `Field evaluations per training step, ${summary}`);
    this.#time.update(this.#shown(history.stepTimes()), `Milliseconds per training step, ${summary}`);
    this.#table();
  }

  /** Powers of ten have no place for step 0. */
  #shown(columns: Columns): Columns {
    return this.#logX.checked ? (columns.map((column) => column.slice(1)) as Columns) : columns;
  }

  #table(): void {
    if (!this.#details.open) return;
    const cells = this.history.table(TABLE_ROWS).map((row) => {
      const numbers = [
        decimal(row.loss ?? undefined),
        decimal(row.heldOut ?? undefined),
        integer(row.nfe),
        integer(row.nfeBackward),
        decimal(row.stepTime ?? undefined, 1),
      ];
      const head = make("th", { scope: "row" }, integer(row.step));
      return make("tr", {}, head, ...numbers.map((text) => make("td", {}, text)));
    });
    byId("chart-rows", HTMLElement).replaceChildren(...cells);
  }
}
