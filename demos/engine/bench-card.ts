/** The card of the benchmark: which workloads, how far it is, a table of times, and that table as Markdown. */
import type { AdapterSummary } from "fjordgpu";
import {
  describeWorkload,
  type Entry,
  expectedText,
  type OwnReport,
  ownTable,
  short,
  WHERE_TO_SEND,
  WORKLOADS,
  type WorkloadName,
} from "fjordgpu/bench";
import { byId, make, setText } from "../shared/dom.js";
import { decimal } from "../shared/format.js";
import { copyText } from "./copy.js";

/** Ticked at first on a software adapter: those that are done within a minute there. */
const SHORT: readonly WorkloadName[] = ["W0", "W1"];

export interface BenchCardActions {
  readonly run: (only: readonly WorkloadName[]) => void;
  readonly cancel: () => void;
}

interface Row {
  readonly label: HTMLElement;
  readonly ms: HTMLTableCellElement;
  readonly rate: HTMLTableCellElement;
}

export class BenchCard {
  readonly #run = byId("bench-run", HTMLButtonElement);
  readonly #cancel = byId("bench-cancel", HTMLButtonElement);
  readonly #copy = byId("bench-copy", HTMLButtonElement);
  readonly #status = byId("bench-status", HTMLElement);
  readonly #ticks = new Map<WorkloadName, HTMLInputElement>();
  /** By the name of a result. */
  readonly #rows = new Map<string, Row>();
  #adapter: AdapterSummary | undefined;
  #only: readonly WorkloadName[] = [];
  #report: OwnReport | undefined;

  constructor(actions: BenchCardActions) {
    byId("bench-rows", HTMLTableSectionElement).append(...WORKLOADS.flatMap((name) => this.#rowsOf(name)));
    setText(byId("bench-send", HTMLElement), WHERE_TO_SEND);
    this.#run.addEventListener("click", () => this.#begin(actions.run));
    this.#cancel.addEventListener("click", () => actions.cancel());
    this.#copy.addEventListener("click", () => void this.#copyTable());
    this.setState("none");
  }

  /** The results so far as Markdown; "" before there are any. */
  get markdown(): string {
    return this.#report ? ownTable(this.#report) : "";
  }

  /** What is known of the device: on a software adapter all would take long. */
  setAdapter(adapter: AdapterSummary): void {
    if (!this.#adapter) {
      for (const [name, tick] of this.#ticks) tick.checked = !adapter.isSoftware || SHORT.includes(name);
    }
    this.#adapter = adapter;
    byId("bench-warning", HTMLElement).hidden = !adapter.isSoftware;
  }

  /** @param state whether a run can begin, is under way, or has to wait for something else */
  setState(state: "none" | "free" | "benching"): void {
    this.#run.disabled = state !== "free";
    this.#cancel.disabled = state !== "benching";
    this.#copy.disabled = state === "benching" || this.#report === undefined;
    for (const tick of this.#ticks.values()) tick.disabled = state === "benching";
  }

  /** @param text of the benchmark once a workload is compiled, before that "" */
  progress(name: WorkloadName, text: string): void {
    const place = `${this.#only.indexOf(name) + 1} of ${this.#only.length}`;
    setText(this.#status, `${place}: ${text || `${name}, compiling…`}`);
  }

  add(report: OwnReport): void {
    const { workloads, failures } = report;
    for (const [name, { ours }] of Object.entries(workloads)) this.#show(name, ours);
    for (const [name, reason] of Object.entries(failures)) this.#showFailure(name, reason);
    this.#report = {
      ...report,
      workloads: { ...this.#report?.workloads, ...workloads },
      failures: { ...this.#report?.failures, ...failures },
    };
  }

  done(milliseconds: number): void {
    setText(this.#status, `Done in ${decimal(milliseconds / 1000, 1)} s.`);
  }

  cancelled(): void {
    setText(this.#status, "Cancelled; what was measured until then stays.");
  }

  #begin(run: BenchCardActions["run"]): void {
    this.#only = WORKLOADS.filter((name) => this.#ticks.get(name)!.checked);
    if (this.#only.length === 0) {
      setText(this.#status, "Tick a workload first.");
      return;
    }
    this.#report = undefined;
    for (const { label, ms, rate } of this.#rows.values()) {
      label.querySelector(".bad")?.remove();
      ms.textContent = rate.textContent = "–";
    }
    run(this.#only);
  }

  async #copyTable(): Promise<void> {
    const copied = await copyText(this.markdown, byId("bench-table", HTMLTextAreaElement));
    const closed = "The clipboard is closed to this page; the table is selected, to be copied by hand.";
    setText(this.#status, copied ? "The table is on the clipboard." : closed);
  }

  #rowsOf(name: WorkloadName): HTMLTableRowElement[] {
    const { about, results } = describeWorkload(name);
    const tick = make("input", { type: "checkbox" });
    this.#ticks.set(name, tick);
    const text = make("span", {}, name, make("small", { textContent: about }));
    const label = make("label", { className: "tick" }, tick, text);
    const head = make("th", { scope: "row" }, label);
    if (results.length === 1) return [this.#row(name, head, text)];
    const sizes = results.map((result) => {
      const size = make("span", { className: "size", textContent: result.slice(name.length + 1) });
      return this.#row(result, make("th", { scope: "row" }, size), size);
    });
    head.colSpan = 4;
    return [make("tr", {}, head), ...sizes];
  }

  #row(result: string, head: HTMLTableCellElement, label: HTMLElement): HTMLTableRowElement {
    const [ms, rate] = [make("td", { textContent: "–" }), make("td", { textContent: "–" })];
    this.#rows.set(result, { label, ms, rate });
    return make(
      "tr",
      {},
      head,
      ms,
      make("td", { className: "soft", textContent: expectedText(result) }),
      rate,
    );
  }

  #show(name: string, { ms, gflops, scaledBy }: Entry): void {
    const row = this.#rows.get(name)!;
    const lines = [`${short(ms.min)}–${short(ms.max)}`, ...(scaledBy ? [`${scaledBy} × a part`] : [])];
    row.ms.replaceChildren(short(ms.median), ...lines.map((line) => make("small", { textContent: line })));
    row.rate.textContent = gflops === undefined ? "–" : short(gflops);
  }

  #showFailure(name: string, reason: string): void {
    this.#rows.get(name)!.label.append(make("small", { className: "bad", textContent: reason }));
  }
}
