/** Mean and variance of numbers that come one after another (B. P. Welford, Technometrics 4, 1962). */
export class RunningMoments {
  count = 0;
  mean = 0;
  #squares = 0;

  add(values: ArrayLike<number>): this {
    for (let i = 0; i < values.length; i++) {
      this.count += 1;
      const off = values[i]! - this.mean;
      this.mean += off / this.count;
      this.#squares += off * (values[i]! - this.mean);
    }
    return this;
  }

  /** Unbiased; NaN with fewer than two numbers. */
  get variance(): number {
    return this.count < 2 ? Number.NaN : this.#squares / (this.count - 1);
  }

  get deviation(): number {
    return Math.sqrt(this.variance);
  }

  /** Of the mean. */
  get standardError(): number {
    return this.deviation / Math.sqrt(this.count);
  }
}
