/** The charts of both sides, over steps or over seconds, and the table of their values. */
import { Chart, type ChartOptions } from "../shared/chart.js";
import { byId, make } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import type { Axis, Curves } from "./curves.js";

const TABLE_ROWS = 12;
const X_LABELS: Record<Axis, string | undefined> = { step: undefined, seconds: "seconds of training" };

const A = { label: "A", color: "--accent" };
const B = { label: "B", color: "--warm" };

export class Charts {
  readonly #nll = chart("chart-nll", {
    yLabel: "NLL (nats)",
    height: 260,
    curves: [
      { ...A, label: "A, training", width: 1, joined: true },
      { ...B, label: "B, training", width: 1, joined: true },
      { ...A, label: "A, held out", width: 3, joined: true },
      { ...B, label: "B, held out", width: 3, joined: true },
      { label: "entropy of the data", color: "--ink-soft", dash: [6, 5], joined: true },
    ],
  });
  readonly #nfe = chart("chart-nfe", {
    yLabel: "evaluations",
    height: 160,
    counts: true,
    curves: [
      { ...A, joined: true },
      { ...B, joined: true },
    ],
  });
  readonly #time = chart("chart-time", {
    yLabel: "ms per step",
    height: 160,
    log: { y: true },
    curves: [
      { ...A, joined: true },
      { ...B, joined: true },
    ],
  });
  readonly #axis = byId("chart-axis", HTMLSelectElement);
  readonly #details = byId("chart-table", HTMLDetailsElement);
  #floor: number | undefined;
  #summary = "";

  constructor(readonly curves: Curves) {
    this.#axis.addEventListener("change", () => {
      for (const one of [this.#nll, this.#nfe, this.#time]) one.setXLabel(X_LABELS[this.axis]);
      this.draw(this.#floor, this.#summary);
    });
    this.#details.addEventListener("toggle", () => this.#table());
  }

  get axis(): Axis {
    return this.#axis.value === "seconds" ? "seconds" : "step";
  }

  /** @param floor entropy of the data, where it is known @param summary the state of both in a sentence */
  draw(floor: number | undefined, summary: string): void {
    this.#floor = floor;
    this.#summary = summary;
    const { curves, axis } = this;
    const [x, ...values] = curves.columns(axis, [
      ["a", "loss"],
      ["b", "loss"],
      ["a", "heldOut"],
      ["b", "heldOut"],
    ]);
    this.#nll.update([x, ...values, x.map(() => floor ?? null)], `Negative log-likelihoods. ${summary}`);
    const both = (name: "evaluations" | "stepTime") =>
      curves.columns(axis, [
        ["a", name],
        ["b", name],
      ]);
    this.#nfe.update(both("evaluations"), `Field evaluations in a training step. ${summary}`);
    this.#time.update(both("stepTime"), `Milliseconds per training step. ${summary}`);
    this.#table();
  }

  /** The steps at which both were judged, at most so many, the last among them. */
  #table(): void {
    if (!this.#details.open) return;
    const judged = this.curves.of("a").filter(({ heldOut }) => heldOut !== null);
    const every = Math.ceil(judged.length / TABLE_ROWS);
    const rows = judged.filter((_, i) => (judged.length - 1 - i) % every === 0);
    const cells = rows.flatMap((a) => {
      const b = this.curves.of("b").find(({ step }) => step === a.step);
      if (!b) return [];
      const numbers = [a, b].flatMap(({ heldOut, evaluations, seconds }) => [
        decimal(heldOut ?? undefined),
        evaluations === null ? "–" : integer(evaluations),
        decimal(seconds, 1),
      ]);
      const head = make("th", { scope: "row" }, integer(a.step));
      return [make("tr", {}, head, ...numbers.map((text) => make("td", {}, text)))];
    });
    byId("chart-rows", HTMLElement).replaceChildren(...cells);
  }
}

function chart(id: string, options: ChartOptions): Chart {
  return new Chart(byId(id, HTMLElement), options);
}
