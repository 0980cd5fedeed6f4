/** The levels that enclose given shares of a density's mass. */

/** Shares of the probability inside each line of a picture, on the page as in a file, smallest first. */
export const CONTOUR_SHARES = [0.25, 0.5, 0.75, 0.95] as const;

/**
 * The log-densities above which lie the given shares of the mass on the grid: highest-density regions.
 * @param logDensity nats, cells of equal size
 * @param shares in (0, 1)
 */
export function massLevels(logDensity: Float32Array, shares: readonly number[]): number[] {
  const sorted = Float32Array.from(logDensity).sort().reverse();
  const peak = sorted[0] ?? 0;
  let total = 0;
  for (const value of sorted) total += Math.exp(value - peak);
  const levels: number[] = [];
  let sum = 0;
  let i = 0;
  for (const share of [...shares].sort((a, b) => a - b)) {
    while (i < sorted.length && sum + Math.exp(sorted[i]! - peak) <= share * total) {
      sum += Math.exp(sorted[i]! - peak);
      i += 1;
    }
    levels.push(sorted[Math.min(i, sorted.length - 1)]!);
  }
  return levels;
}
