/**
 * Streamlines of the field as it stands at one time: lines along its arrows, evenly spread. Unlike the path of a point
 * they do not move with time. After Jobard and Lefer, "Creating evenly-spaced streamlines of arbitrary density" (1997),
 * with cells of a grid in place of distances.
 */

/** Cells along a side, each of which at most one line passes. */
const CELLS = 22;
/** Step along a line, cells. */
const STEP = 0.25;
/** Steps each way at most. */
const MOST = 240;
/** Steps in one cell: its diagonal takes 6. */
const LONGEST_STAY = 8;
/** Points of a line that are worth drawing. */
const FEWEST = 10;

type Pair = readonly [x: number, y: number];

/**
 * @param field [size, size, 2] velocities at the centres of square cells over the window, row 0 at the top
 * @returns lines, each [k, 2] in data coordinates
 */
export function streamlines(
  field: Float32Array,
  size: number,
  [low, high]: readonly [number, number],
): number[][] {
  const cell = (high - low) / CELLS;
  const owner = new Int32Array(CELLS * CELLS).fill(-1);
  const cellOf = ([x, y]: Pair) => {
    const [column, row] = [Math.floor((x - low) / cell), Math.floor((y - low) / cell)];
    return column >= 0 && row >= 0 && column < CELLS && row < CELLS ? row * CELLS + column : -1;
  };
  const direction = (at: Pair): Pair | undefined => {
    const [u, v] = velocityAt(field, size, [low, high], at);
    const speed = Math.hypot(u, v);
    return speed > 1e-6 ? [u / speed, v / speed] : undefined;
  };
  /** From a point along or against the field, without it. */
  const follow = (from: Pair, sign: 1 | -1, line: number): number[] => {
    const points: number[] = [];
    let at = from;
    let within = cellOf(from);
    let stays = 0;
    for (let i = 0; i < MOST; i++) {
      const first = direction(at);
      if (!first) break;
      const half = (sign * STEP * cell) / 2;
      const middle = direction([at[0] + half * first[0], at[1] + half * first[1]]);
      if (!middle) break;
      at = [at[0] + 2 * half * middle[0], at[1] + 2 * half * middle[1]];
      const here = cellOf(at);
      if (here < 0 || (owner[here] !== -1 && owner[here] !== line)) break;
      // Where the field has a sink, a line would tremble around it for good.
      stays = here === within ? stays + 1 : 0;
      if (stays > LONGEST_STAY) break;
      within = here;
      owner[here] = line;
      points.push(...at);
    }
    return points;
  };
  const lines: number[][] = [];
  for (let start = 0; start < CELLS * CELLS; start++) {
    // Every cell once, far from the one before: 203 and the number of cells, 484, have no common divisor.
    const index = (start * 203) % (CELLS * CELLS);
    if (owner[index] !== -1) continue;
    const from: Pair = [low + ((index % CELLS) + 0.5) * cell, low + (Math.floor(index / CELLS) + 0.5) * cell];
    const line = lines.length;
    owner[index] = line;
    const back = follow(from, -1, line);
    const turned: number[] = [];
    for (let i = back.length - 2; i >= 0; i -= 2) turned.push(back[i]!, back[i + 1]!);
    lines.push([...turned, ...from, ...follow(from, 1, line)]);
  }
  return lines.filter((line) => line.length >= 2 * FEWEST);
}

/** Between the centres of the cells the straight mean of the four around; beyond the outermost ones theirs. */
function velocityAt(
  field: Float32Array,
  size: number,
  [low, high]: readonly [number, number],
  [x, y]: Pair,
): Pair {
  const clamp = (value: number) => Math.min(size - 1, Math.max(0, value));
  const across = clamp(((x - low) / (high - low)) * size - 0.5);
  const down = clamp(((high - y) / (high - low)) * size - 0.5);
  const [column, row] = [Math.min(size - 2, Math.floor(across)), Math.min(size - 2, Math.floor(down))];
  const [s, r] = [across - column, down - row];
  const at = (i: number, j: number, d: number) => field[2 * ((row + i) * size + column + j) + d]!;
  const mixed = (d: number) =>
    (1 - r) * ((1 - s) * at(0, 0, d) + s * at(0, 1, d)) + r * ((1 - s) * at(1, 0, d) + s * at(1, 1, d));
  return [mixed(0), mixed(1)];
}
