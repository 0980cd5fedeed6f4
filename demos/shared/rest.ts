/** How a session in a worker stands still between two stretches of work, and how it ends. */
import { FjordError } from "fjordgpu";

export class Rest {
  #isPaused = true;
  /** The page has asked for a pause, and has not heard of it yet. */
  #owesPause = false;
  readonly #end = new AbortController();
  /** Ends a refinement when something more urgent comes. */
  #interrupt = new AbortController();
  #wake: () => void = () => undefined;

  /** @param onPaused called when the session stands still because pause() asked for it, before any work at rest */
  constructor(readonly onPaused: () => void) {}

  /** Whether the session is to stand still. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** The session is to go on. */
  start(): void {
    this.#isPaused = this.#owesPause = false;
    this.changed();
  }

  /** The session is to stand still as soon as it can, wherever it is. */
  pause(): void {
    this.#isPaused = this.#owesPause = true;
    this.wake();
  }

  /** The session stands still of its own accord: the page is told why by who calls this. */
  stand(): void {
    this.#isPaused = true;
    this.#owesPause = false;
  }

  /** Aborted when the session is to end. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Whether the session is to end. */
  get isOver(): boolean {
    return this.#end.signal.aborted;
  }

  end(): void {
    this.#end.abort();
    this.changed();
  }

  /** Puts off what is being refined: something has come that matters more, or that changes what to refine. */
  changed(): void {
    this.#interrupt.abort();
    this.wake();
  }

  /** Lets what is being done at rest come to its end, and be looked at anew. */
  wake(): void {
    this.#wake();
  }

  /**
   * Until it is no longer paused, or over: does what there is to do at rest, and waits for a change.
   * @param work is given a signal that puts it off
   */
  async whilePaused(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    while (this.#isPaused && !this.isOver) {
      if (this.#owesPause) this.onPaused();
      this.#owesPause = false;
      const change = this.#change();
      this.#interrupt = new AbortController();
      const { signal } = this.#interrupt;
      await unlessPutOff(() => work(signal));
      // What came in meanwhile has resolved the promise.
      await change;
    }
  }

  /** Until that holds after a change, or it is over; nothing is done meanwhile. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.isOver) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** Does work that may be aborted: that is how it is put off, not a failure. */
export async function unlessPutOff(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof FjordError && error.code === "aborted")) throw error;
  }
}
