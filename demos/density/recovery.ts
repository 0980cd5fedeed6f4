/** Where a run goes on after the graphics device was lost: from its last checkpoint, by itself the first time. */
import { integer } from "../shared/format.js";
import type { Notice } from "../shared/notice.js";
import type { Row } from "./history.js";
import type { Beginning } from "./protocol.js";

/** A device that is lost this soon after another one will be lost again: the reader is asked, ms. */
const SOON = 10_000;

/** What is put back when the page is at work again. */
export interface Return {
  /** None: the run begins as it began. */
  readonly from: Beginning | undefined;
  readonly rows: readonly Row[];
}

export class Recovery {
  #last: Beginning | undefined;
  /** When the page was last at work again; not yet: Infinity; never lost: undefined. */
  #back: number | undefined;

  constructor(readonly notice: Notice) {}

  /** The newest checkpoint of the run. */
  take(beginning: Beginning): void {
    this.#last = beginning;
  }

  /** Another run begins: its checkpoints are still to come. */
  forget(): void {
    this.#last = undefined;
  }

  /** @param began what the run began with @param rows its curves */
  returnTo(began: Beginning | undefined, rows: readonly Row[]): Return {
    const from = this.#last ?? began;
    return { from, rows: rows.filter(({ step }) => step <= (from?.step ?? 0)) };
  }

  /** Whether the page opens another device of its own accord; this is then the last time for a while. */
  mayReopen(now: number): boolean {
    if (this.#back !== undefined && now - this.#back < SOON) return false;
    this.#back = Number.POSITIVE_INFINITY;
    return true;
  }

  /** Whether another device is being opened. */
  get isUnderWay(): boolean {
    return this.#back === Number.POSITIVE_INFINITY;
  }

  /** The page is at work again. */
  onReady(now: number): void {
    if (this.isUnderWay) this.#back = now;
  }

  /** Says what has happened and where the run goes on. */
  tell(from: Beginning | undefined, wasTraining: boolean): void {
    const place = from?.step ? `from step ${integer(from.step)}` : "from the beginning";
    this.notice.show(
      "The graphics device was reset.",
      wasTraining ? `Training goes on ${place}.` : `The run goes on ${place} when you start it.`,
      { label: "Close", run: () => this.notice.hide() },
    );
  }

  /** Another loss at once, or no other device: the reader decides. @param again opens another device */
  ask(began: Beginning | undefined, again: () => void): void {
    const from = this.#last ?? began;
    this.#back = Number.POSITIVE_INFINITY;
    const place = from?.step ? `step ${integer(from.step)}` : "the beginning";
    this.notice.show(
      "The graphics device was taken away again.",
      `Another program, the driver or the system reset it twice in a short time. Training can go on from ${place}.`,
      { label: "Start again", run: again },
    );
  }
}
