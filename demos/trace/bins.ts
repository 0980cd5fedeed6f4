/** Histograms of estimates as columns of a chart, with the exact value as a vertical line. */
import type { Columns } from "../shared/chart.js";

export const BINS = 61;

/**
 * Shares of the values in equal bins, in percent; the first and the last bin take what lies beyond them.
 * @returns [BINS]
 */
export function shares(values: ArrayLike<number>, low: number, high: number): number[] {
  const bins = new Array<number>(BINS).fill(0);
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor((BINS * (values[i]! - low)) / (high - low));
    bins[Math.min(BINS - 1, Math.max(0, bin))]! += 100 / values.length;
  }
  return bins;
}

/** Columns of a chart: left edges with one row of shares each, and a line up to the highest share at `exact`. */
export function histogramColumns(
  groups: readonly ArrayLike<number>[],
  exact: number,
  [low, high]: readonly [number, number],
): Columns {
  const heights = groups.map((values) => shares(values, low, high));
  const rows: (number | null)[][] = Array.from({ length: BINS + 1 }, (_, i) => [
    low + (i * (high - low)) / BINS,
    // The right edge of the last bin ends the outline.
    ...heights.map((bins) => bins[i] ?? 0),
    null,
  ]);
  const top = Math.max(...heights.flat(), 0);
  const gap = groups.map(() => null);
  rows.push([exact, ...gap, 0], [exact, ...gap, top]);
  // Stable: of equal places the two of the line stay in order.
  rows.sort((one, other) => one[0]! - other[0]!);
  return rows[0]!.map((_, column) => rows.map((row) => row[column]!)) as Columns;
}
