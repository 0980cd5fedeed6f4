/**
 * A closer look at charts over one x axis: a part of it that all of them show, chosen by drag or button, and a place
 * whose values are read. While it is in use the charts stand still, however the run goes on.
 */

export type Span = readonly [low: number, high: number];

/** What a lens does with a chart. */
export interface UnderLens {
  /** Shows the newest values, in the span of the lens. */
  refresh(): void;
  /** A line across the chart at this x; undefined: none. */
  mark(x: number | undefined): void;
}

/** Fewer points in view are no curve. */
const FEWEST = 3;

export class Lens {
  #span: Span | undefined;
  #place: number | undefined;
  readonly #charts: UnderLens[] = [];

  /**
   * @param points the x of all points, ascending
   * @param onChange called after every change of span or place
   */
  constructor(
    readonly points: () => readonly number[],
    readonly onChange: () => void,
  ) {}

  add(chart: UnderLens): void {
    this.#charts.push(chart);
  }

  /** What is in view; undefined: everything. */
  get span(): Span | undefined {
    return this.#span;
  }

  /** The x whose values are read. */
  get place(): number | undefined {
    return this.#place;
  }

  get isHeld(): boolean {
    return this.#span !== undefined || this.#place !== undefined;
  }

  /** Shows this part; one without a curve in it is not shown. */
  zoom(span: Span): void {
    const [low, high] = span;
    if (this.points().filter((x) => x >= low && x <= high).length < FEWEST) return;
    this.#span = span;
    this.#refresh();
    this.onChange();
  }

  /** Shows everything, and lets the charts go on. */
  whole(): void {
    if (!this.isHeld) return;
    this.#span = undefined;
    this.#place = undefined;
    this.#refresh();
    this.onChange();
  }

  /** @param x whose values are read; undefined: none any more */
  read(x: number | undefined): void {
    if (x === this.#place) return;
    this.#place = x;
    // What came meanwhile.
    if (!this.isHeld) this.#refresh();
    for (const chart of this.#charts) chart.mark(x);
    this.onChange();
  }

  #refresh(): void {
    for (const chart of this.#charts) {
      chart.refresh();
      chart.mark(this.#place);
    }
  }
}

/** Half of a span around a place in it, on an axis of even steps or of powers of ten; it stays within the span. */
export function narrowed([low, high]: Span, at: number, isLog: boolean): Span {
  if (isLog) {
    const [from, to] = narrowed([Math.log(low), Math.log(high)], Math.log(at), false);
    return [Math.exp(from), Math.exp(to)];
  }
  const width = (high - low) / 2;
  const from = Math.min(high - width, Math.max(low, at - width / 2));
  return [from, from + width];
}
