/** What the page itself draws over the worker's picture: lines along the field, and what a reader asks about. */
import type { Plane } from "../shared/plane.js";
import { ARROWS } from "./protocol-view.js";
import type { RingState } from "./rings.js";

/** Fetched when streamlines are first wanted. */
let streaming: typeof import("./streamlines.js") | undefined;

const COLORS = {
  streamlines: "#ffffff",
  path: "#ff8fc7",
  ring: "#ffe14d",
};

/** @param field [ARROWS, ARROWS, 2], see Moment */
export function paintStreamlines(plane: Plane, field: Float32Array): void {
  if (streaming) {
    plane.lines(streaming.streamlines(field, ARROWS, plane.window), COLORS.streamlines, 0.5);
    return;
  }
  import("./streamlines.js").then(
    (module) => {
      streaming = module;
      plane.invalidate();
    },
    // Said by those who watch for parts that are missing.
    () => undefined,
  );
}

/** The way through a point, and where on it the point is now. */
export function paintPath(plane: Plane, path: Float32Array, now: ArrayLike<number>): void {
  plane.lines([path], COLORS.path, 1, 2);
  plane.dots({ points: now, colors: [COLORS.path], radius: 4, alpha: 1 });
}

/** A single particle and the way [k, 2] that it takes. */
export function paintParticle(plane: Plane, way: ArrayLike<number>, now: ArrayLike<number>): void {
  plane.lines([way], COLORS.ring, 0.6, 1.5);
  plane.dots({ points: now, colors: [COLORS.ring], radius: 4, alpha: 1 });
}

export function paintRing(plane: Plane, { outline, centre }: RingState): void {
  plane.lines([[...outline, outline[0]!, outline[1]!]], COLORS.ring, 1, 1.5);
  plane.dots({ points: outline, colors: [COLORS.ring], radius: 1.5, alpha: 1 });
  plane.dots({ points: centre, colors: [COLORS.ring], radius: 2, alpha: 1 });
}
