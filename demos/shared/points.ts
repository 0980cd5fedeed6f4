/** Points of the data and samples of a flow, painted on a plane. */
import type { Plane } from "./plane.js";

/** @param points [n, 2] @param alpha that 1,000 points get */
export function paintData(plane: Plane, points: Float32Array, alpha: number): void {
  plane.dots({ points, colors: ["#ffffff"], radius: 1.2, alpha });
}

/** @param points [n, 2] */
export function paintSamples(plane: Plane, points: Float32Array): void {
  plane.dots({ points, colors: ["#ffa45c"], radius: 1.4, alpha: 0.95 });
}
