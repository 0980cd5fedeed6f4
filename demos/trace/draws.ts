/**
 * Single estimates, dealt out to walkers: each walker averages its own, so that the walkers together show how an
 * average over n probes scatters.
 */
import { RunningMoments } from "./moments.js";

export class Draws {
  /** Of all single estimates. */
  readonly moments = new RunningMoments();
  /** How many each walker has. */
  drawn = 0;
  /** [most, walkers] */
  readonly #singles: Float32Array;
  /** [most + 1, walkers]: sums over the first n estimates of a walker. */
  readonly #sums: Float64Array;
  /** Over the walkers, of their averages over n: [most + 1] each. */
  readonly #means: Float64Array;
  readonly #deviations: Float64Array;

  /** @param most estimates for each walker */
  constructor(
    readonly walkers: number,
    readonly most: number,
  ) {
    this.#singles = new Float32Array(most * walkers);
    this.#sums = new Float64Array((most + 1) * walkers);
    this.#means = new Float64Array(most + 1);
    this.#deviations = new Float64Array(most + 1);
  }

  /** @param estimates [c, walkers]; what is beyond `most` is left out */
  add(estimates: Float32Array): void {
    const { walkers } = this;
    for (let start = 0; start < estimates.length && this.drawn < this.most; start += walkers) {
      const row = estimates.subarray(start, start + walkers);
      const before = this.drawn * walkers;
      this.moments.add(row);
      this.#singles.set(row, before);
      this.drawn += 1;
      for (let w = 0; w < walkers; w++) {
        this.#sums[before + walkers + w] = this.#sums[before + w]! + row[w]!;
      }
      const spread = new RunningMoments().add(Array.from(row, (_, w) => this.average(w, this.drawn)));
      this.#means[this.drawn] = spread.mean;
      this.#deviations[this.drawn] = spread.deviation;
    }
  }

  /** Average of the first n estimates of a walker, 1 ≤ n ≤ drawn. */
  average(walker: number, n: number): number {
    return this.#sums[n * this.walkers + walker]! / n;
  }

  /** Mean and standard deviation of the walkers' averages over n. */
  band(n: number): { readonly mean: number; readonly deviation: number } {
    return { mean: this.#means[n]!, deviation: this.#deviations[n]! };
  }

  /** All single estimates so far. */
  get singles(): Float32Array {
    return this.#singles.subarray(0, this.drawn * this.walkers);
  }
}
