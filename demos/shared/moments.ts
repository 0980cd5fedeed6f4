/** Mean and spread of points in the plane: enough to tell noise from data by numbers. */
export interface Moments {
  readonly mean: readonly [x: number, y: number];
  /** Standard deviations. */
  readonly std: readonly [x: number, y: number];
  /** Correlation of x and y. */
  readonly correlation: number;
}

/** @param points [n, 2] row-major, n of at least 2 */
export function moments(points: ArrayLike<number>): Moments {
  const n = points.length / 2;
  let meanX = 0;
  let meanY = 0;
  for (let i = 0; i < n; i++) {
    meanX += points[2 * i]! / n;
    meanY += points[2 * i + 1]! / n;
  }
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < n; i++) {
    const x = points[2 * i]! - meanX;
    const y = points[2 * i + 1]! - meanY;
    xx += x * x;
    yy += y * y;
    xy += x * y;
  }
  return {
    mean: [meanX, meanY],
    std: [Math.sqrt(xx / (n - 1)), Math.sqrt(yy / (n - 1))],
    correlation: xy / Math.sqrt(xx * yy),
  };
}
