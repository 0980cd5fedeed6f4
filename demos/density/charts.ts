/** The curves of a run and the table of their values. */
import { Chart, type Columns } from "../shared/chart.js";
import { byId, make, setText } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import { Lens, narrowed } from "../shared/lens.js";
import type { History } from "./history.js";
import { readingAt } from "./reading.js";

const TABLE_ROWS = 20;
const HOW_TO_READ = "Drag over a chart to zoom in; point at it, or move the slider, to read values.";

export class Charts {
  readonly #lens = new Lens(
    () => this.#steps,
    () => this.#showReading(),
  );
  readonly #nll = new Chart(byId("chart-nll", HTMLElement), {
    yLabel: "NLL (nats)",
    height: 200,
    lens: this.#lens,
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
    lens: this.#lens,
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
    lens: this.#lens,
    curves: [{ label: "", color: "--accent", width: 1.5, joined: true }],
  });
  readonly #logX = byId("chart-log", HTMLInputElement);
  readonly #reading = byId("reading", HTMLElement);
  readonly #reader = byId("reader", HTMLInputElement);
  readonly #zoomIn = byId("zoom-in", HTMLButtonElement);
  readonly #zoomOut = byId("zoom-out", HTMLButtonElement);
  readonly #details = byId("chart-table", HTMLDetailsElement);
  /** The slider stays at the newest values until it is moved. */
  #isNewest = true;
  #floor: number | undefined;
  #summary = "nothing yet";

  constructor(readonly history: History) {
    this.#reader.addEventListener("input", () => {
      this.#isNewest = false;
      this.#lens.read(this.#inView[Number(this.#reader.value)]);
    });
    this.#reader.addEventListener("blur", () => this.#lens.read(undefined));
    this.#zoomIn.addEventListener("click", () => this.#narrow());
    this.#zoomOut.addEventListener("click", () => {
      this.#showAll();
      // It is disabled now, and would lose the focus to nothing.
      this.#zoomIn.focus();
    });
    this.#logX.addEventListener("change", () => {
      this.#showAll();
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
    if (history.rows.length === 0) this.#showAll();
    this.#nll.update(this.#shown(history.nll(floor)), `Negative log-likelihood in nats, ${summary}`);
    this.#nfe.update(this.#shown(history.evaluations()), `Field evaluations per training step, ${summary}`);
    this.#time.update(this.#shown(history.stepTimes()), `Milliseconds per training step, ${summary}`);
    this.#showReading();
    this.#table();
  }

  get #steps(): number[] {
    return this.history.rows.map(({ step }) => step);
  }

  get #inView(): number[] {
    const [low, high] = this.#lens.span ?? [0, Number.POSITIVE_INFINITY];
    return this.#steps.filter((step) => step >= low && step <= high);
  }

  #showAll(): void {
    this.#isNewest = true;
    this.#lens.whole();
  }

  /** Half of what is in view, around the place on the slider. */
  #narrow(): void {
    const steps = this.#inView;
    const [first, last] = [steps[0], steps.at(-1)];
    if (first === undefined || last === undefined) return;
    const at = steps[Number(this.#reader.value)] ?? last;
    this.#lens.zoom(narrowed(this.#lens.span ?? [first, last], at, this.#logX.checked));
    this.#reader.value = String(this.#inView.indexOf(at));
  }

  #showReading(): void {
    const { place, span } = this.#lens;
    const steps = this.#inView;
    const reading = place === undefined ? "" : readingAt(this.history.rows, place);
    setText(this.#reading, reading || HOW_TO_READ);
    this.#zoomOut.disabled = span === undefined;
    this.#zoomIn.disabled = this.#reader.disabled = steps.length < 2;
    this.#reader.max = String(Math.max(1, steps.length - 1));
    if (this.#isNewest) this.#reader.value = this.#reader.max;
    const here = steps[Number(this.#reader.value)];
    this.#reader.setAttribute(
      "aria-valuetext",
      here === undefined ? "No values yet" : readingAt(this.history.rows, here),
    );
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
