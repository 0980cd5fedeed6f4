/** Iso-lines of a grid of values, to judge by. */

/**
 * Marching squares with linear interpolation between the centres of cells (W. E. Lorensen and H. E. Cline, "Marching
 * cubes", SIGGRAPH 1987, in the plane). Where a square is a saddle, its mean decides.
 * @param values [size, size], row 0 at the top
 * @param window [low, high] of both axes
 * @returns segments, each [x0, y0, x1, y1]
 */
export function contour(
  values: ArrayLike<number>,
  size: number,
  [low, high]: readonly [number, number],
  level: number,
): number[][] {
  const cell = (high - low) / size;
  const segments: number[][] = [];
  for (let row = 0; row + 1 < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const at = row * size + column;
      // Clockwise from the top left.
      const corners = [values[at]!, values[at + 1]!, values[at + size + 1]!, values[at + size]!];
      const crossings: number[][] = [];
      for (let edge = 0; edge < 4; edge++) {
        const [from, to] = [corners[edge]!, corners[(edge + 1) % 4]!];
        if (from >= level === to >= level) continue;
        const share = (level - from) / (to - from);
        const [x, y] = ALONG[edge]!(Number.isFinite(share) ? share : 0.5);
        crossings.push([low + (column + 0.5 + x) * cell, high - (row + 0.5 + y) * cell]);
      }
      if (crossings.length === 2) segments.push([...crossings[0]!, ...crossings[1]!]);
      if (crossings.length !== 4) continue;
      const mean = (corners[0]! + corners[1]! + corners[2]! + corners[3]!) / 4;
      // Each of the two lines cuts off a corner that differs from the middle.
      const pairs = mean >= level === corners[0]! >= level ? SADDLES.falling : SADDLES.rising;
      for (const [from, to] of pairs) segments.push([...crossings[from]!, ...crossings[to]!]);
    }
  }
  return segments;
}

/** Edges that a saddle's two lines join: around the top right and bottom left corners, or around the others. */
const SADDLES = {
  falling: [
    [0, 1],
    [2, 3],
  ],
  rising: [
    [3, 0],
    [1, 2],
  ],
} as const;

/** A share of the way along an edge, as (right, down) from the top left corner. */
const ALONG: readonly ((share: number) => readonly [number, number])[] = [
  (share) => [share, 0],
  (share) => [1, share],
  (share) => [1 - share, 1],
  (share) => [0, 1 - share],
];
