/** What the page itself draws: the data while there is no picture of the worker's, and what a reader asks about. */
import type { Plane } from "../shared/plane.js";
import type { RingState } from "./stage.js";

const COLORS = {
  data: "#ffffff",
  path: "#ff8fc7",
  ring: "#ffe14d",
};
/** @param alpha that 1,000 points get */
export function paintData(plane: Plane, points: Float32Array, alpha: number): void {
  plane.dots({ points, colors: [COLORS.data], radius: 1.2, alpha });
}

/** The way through a point, and where on it the point is now. */
export function paintPath(plane: Plane, path: Float32Array, now: ArrayLike<number>): void {
  plane.lines([path], COLORS.path, 1, 2);
  plane.dots({ points: now, colors: [COLORS.path], radius: 4, alpha: 1 });
}

export function paintRing(plane: Plane, { outline, centre }: RingState): void {
  plane.lines([[...outline, outline[0]!, outline[1]!]], COLORS.ring, 1, 1.5);
  plane.dots({ points: outline, colors: [COLORS.ring], radius: 1.5, alpha: 1 });
  plane.dots({ points: centre, colors: [COLORS.ring], radius: 2, alpha: 1 });
}
