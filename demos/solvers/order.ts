/** The order of a method as its errors show it. */
import type { Precision } from "./protocol.js";

/** Errors above this are no small errors: the leading term says nothing about them. */
const COARSE = 3e-2;

/** Least-squares slope of log error over log h, in the finest six errors that are neither coarse nor rounding. */
export function measuredOrder(points: Precision["points"], floor: number): number | undefined {
  const fit = points.filter(({ error }) => error < COARSE && error > floor).slice(-6);
  if (fit.length < 3) return undefined;
  const xs = fit.map(({ h }) => Math.log(h));
  const ys = fit.map(({ error }) => Math.log(error));
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const covariance = xs.reduce((sum, x, i) => sum + (x - mx) * (ys[i]! - my), 0);
  return covariance / xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
}
