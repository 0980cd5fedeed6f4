/**
 * How much of a long computation is done at a time. What a reader asks for waits for the part under way, so parts are
 * to take a given time: that is measured, because adapters and fields differ a thousandfold.
 */

const LARGEST = 16_384;

export class Bands {
  #rows: number;

  /**
   * @param milliseconds that a part should not take longer than
   * @param first rows of the first part; a power of two, as all numbers of rows are, so that solves are used again
   * @param smallest rows that a part has at least: below, what every part costs would be most of it
   */
  constructor(
    readonly milliseconds: number,
    first: number,
    readonly smallest: number,
  ) {
    this.#rows = first;
  }

  /** Rows of the next part. */
  get rows(): number {
    return this.#rows;
  }

  /** Learns from a part that took so long: as many rows as should be in time, but at most twice those that were. */
  took(rows: number, milliseconds: number): void {
    // A small rest costs what every part costs, and says little of its rows.
    if (rows < this.#rows) return;
    const inTime = 2 ** Math.floor(Math.log2((rows * this.milliseconds) / milliseconds));
    this.#rows = Math.max(this.smallest, Math.min(LARGEST, 2 * this.#rows, inTime));
  }
}
