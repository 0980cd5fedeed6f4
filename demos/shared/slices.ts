/** Long computations of a worker in slices, between which it hears what else it is asked for. */

/** Milliseconds. */
const SLICE = 12;

/**
 * Drives a generator to its end.
 * @returns what the generator returns; undefined when it was aborted before
 */
export async function inSlices<R>(
  work: Generator<undefined, R>,
  signal: AbortSignal,
): Promise<R | undefined> {
  let end = performance.now() + SLICE;
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (performance.now() < end) continue;
    await new Promise((resolve) => setTimeout(resolve));
    if (signal.aborted) return undefined;
    end = performance.now() + SLICE;
  }
}
