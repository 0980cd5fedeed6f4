/** Long work on the CPU in short slices, between which the worker hears what the page has to say. */
import { FjordError } from "fjordgpu";

/** Milliseconds of work after which messages are let in. */
const SLICE = 30;
/** Multiplications in one call: some ten milliseconds of them. */
const CALL = 1.5e6;

/** Rows of n that are worked on in one call, for a cost of each in multiplications. */
export function slices(n: number, cost: number): { readonly from: number; readonly to: number }[] {
  const rows = Math.max(1, Math.floor(CALL / cost));
  return Array.from({ length: Math.ceil(n / rows) }, (_, i) => ({
    from: i * rows,
    to: Math.min(n, (i + 1) * rows),
  }));
}

export class Breath {
  #last = 0;
  #resting = false;

  /** @param meanwhile done whenever messages have been let in */
  constructor(readonly meanwhile: () => Promise<void> = () => Promise.resolve()) {}

  /** To be awaited after every call. @throws FjordError `aborted` */
  async take(signal?: AbortSignal): Promise<void> {
    if (performance.now() - this.#last >= SLICE) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#last = performance.now();
      if (!this.#resting) {
        this.#resting = true;
        try {
          await this.meanwhile();
        } finally {
          this.#resting = false;
        }
      }
    }
    if (signal?.aborted) throw new FjordError("aborted", "The work was put off.");
  }
}
