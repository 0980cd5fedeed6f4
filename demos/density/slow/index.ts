/** The button of slow motion; the dialog is fetched when it is first wanted. */
import { byId } from "../../shared/dom.js";
import type { Command, Event } from "../protocol.js";
import type { SlowDialog } from "./dialog.js";

export interface SlowButtonHooks {
  readonly send: (command: Command) => void;
  /** Asks the run to stop where it is. */
  readonly pause: () => void;
  /** Takes one step in the run, which then pauses. */
  readonly step: () => void;
  /** Of the data. */
  readonly window: () => readonly [number, number];
}

/** States of the page in which the flow stands still. */
const STANDS_STILL = ["ready", "paused", "finished"];

export class Slow {
  readonly #button = byId("slow", HTMLButtonElement);
  #dialog: SlowDialog | undefined;
  #state = "opening";
  /** A step is to be recorded when the flow stands still. */
  #wanted = false;
  #isRefused = false;

  constructor(readonly hooks: SlowButtonHooks) {
    this.#button.addEventListener("click", () => void this.#open());
  }

  open(): void {
    this.#button.click();
  }

  /** Where there is no WebGPU there is no slow motion: says so, or takes it back. */
  refuse(isRefused: boolean): void {
    this.#isRefused = isRefused;
    byId("slow-note", HTMLElement).hidden = !isRefused;
    this.enter(this.#state);
  }

  /** The page has entered a state. */
  enter(state: string): void {
    this.#state = state;
    this.#button.disabled = this.#isRefused || ![...STANDS_STILL, "training"].includes(state);
    this.#ask();
    // What was recorded is of a run that is no more.
    if (["opening", "trouble", "stopped"].includes(state)) this.#dialog?.close();
  }

  /** @returns whether the event was for slow motion */
  take(event: Event): boolean {
    if (event.type === "slow-step") this.#dialog?.take(event, this.hooks.window());
    else if (event.type === "slow-failed") this.#dialog?.fail(event.reason);
    else return false;
    return true;
  }

  async #open(): Promise<void> {
    const { SlowDialog } = await import("./dialog.js");
    this.#dialog ??= new SlowDialog({
      onNextStep: () => {
        this.#dialog?.wait();
        this.#wanted = true;
        this.hooks.step();
      },
      canStep: () => this.#state === "ready" || this.#state === "paused",
      onClose: () => {
        this.#wanted = false;
      },
    });
    if (this.#dialog.isOpen) return;
    this.#dialog.open();
    this.#wanted = true;
    if (this.#state === "training") this.hooks.pause();
    this.#ask();
  }

  #ask(): void {
    if (!this.#wanted || !STANDS_STILL.includes(this.#state)) return;
    this.#wanted = false;
    this.hooks.send({ type: "slow" });
  }
}
