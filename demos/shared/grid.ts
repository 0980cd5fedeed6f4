/** Grids over the window of the data. */

/** The centres of [size, size] cells, row by row from the top left: [size², 2]. */
export function cellCentres(size: number, [low, high]: readonly [number, number]): Float32Array {
  const points = new Float32Array(2 * size * size);
  const step = (high - low) / size;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = 2 * (row * size + column);
      points[at] = low + (column + 0.5) * step;
      points[at + 1] = high - (row + 0.5) * step;
    }
  }
  return points;
}

/** The nodes of a square grid on [−half, half]², line by line: first the level ones, then the upright; [2 lines nodes, 2]. */
export function meshNodes({
  lines,
  nodes,
  half,
}: {
  readonly lines: number;
  readonly nodes: number;
  readonly half: number;
}): Float32Array {
  const points = new Float32Array(4 * lines * nodes);
  for (let line = 0; line < lines; line++) {
    const across = half * ((2 * line) / (lines - 1) - 1);
    for (let node = 0; node < nodes; node++) {
      const along = half * ((2 * node) / (nodes - 1) - 1);
      points.set([along, across], 2 * (line * nodes + node));
      points.set([across, along], 2 * ((lines + line) * nodes + node));
    }
  }
  return points;
}

/** 0 … last in the order of halving: both ends, the middle, the quarters, … */
export function coarseToFine(last: number): number[] {
  const order = last > 0 ? [last, 0] : [0];
  const known = new Set(order);
  for (let step = 2 ** Math.floor(Math.log2(Math.max(1, last))); step >= 1; step /= 2) {
    for (let index = 0; index <= last; index += step) {
      if (!known.has(index)) order.push(index);
      known.add(index);
    }
  }
  return order;
}
