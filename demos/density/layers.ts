/** What can be drawn over each other in the picture, and how. */
import { contour, massLevels } from "../shared/contours.js";
import type { Plane } from "../shared/plane.js";
import type { Density } from "../shared/stage.js";
import { ARROWS, MESH } from "./protocol-view.js";
import type { RingState } from "./rings.js";
import { streamlines } from "./streamlines.js";

const COLORS = {
  data: "#ffffff",
  samples: "#ffa45c",
  mesh: "#9fd8ff",
  arrows: "#ffffff",
  contours: "#ffffff",
  path: "#ff8fc7",
  ring: "#ffe14d",
};
/** Shares of the probability that contours enclose. */
const SHARES = [0.25, 0.5, 0.75, 0.95];

/** @param alpha that 1,000 points get */
export function paintData(plane: Plane, points: Float32Array, alpha: number): void {
  plane.dots({ points, colors: [COLORS.data], radius: 1.2, alpha });
}

export function paintSamples(plane: Plane, points: Float32Array): void {
  plane.dots({ points, colors: [COLORS.samples], radius: 1.4, alpha: 0.95 });
}

/** @param nodes as meshNodes orders them */
export function paintMesh(plane: Plane, nodes: Float32Array): void {
  const lines = Array.from({ length: 2 * MESH.lines }, (_, line) =>
    nodes.subarray(2 * line * MESH.nodes, 2 * (line + 1) * MESH.nodes),
  );
  plane.lines(lines, COLORS.mesh, 0.55);
}

/**
 * @param field [ARROWS, ARROWS, 2], see Moment
 * @param top the speed that gets the longest arrow
 * @param sign -1 to point the other way
 */
export function paintArrows(plane: Plane, field: Float32Array, top: number, sign: 1 | -1): void {
  const [low, high] = plane.window;
  const cell = (high - low) / ARROWS;
  const scale = top > 0 ? (sign * 1.1 * cell) / top : 0;
  const arrows = Array.from({ length: ARROWS * ARROWS }, (_, i) => {
    const dx = field[2 * i]! * scale;
    const dy = field[2 * i + 1]! * scale;
    const x = low + ((i % ARROWS) + 0.5) * cell;
    const y = high - (Math.floor(i / ARROWS) + 0.5) * cell;
    return [x - dx / 2, y - dy / 2, dx, dy];
  });
  plane.arrows(arrows, COLORS.arrows, 0.75);
}

/** @param field [ARROWS, ARROWS, 2], see Moment */
export function paintStreamlines(plane: Plane, field: Float32Array): void {
  plane.lines(streamlines(field, ARROWS, plane.window), COLORS.arrows, 0.5);
}

export function paintContours(plane: Plane, { logDensity, size }: Density): void {
  for (const [i, level] of massLevels(logDensity, SHARES).entries()) {
    plane.lines(contour(logDensity, size, plane.window, level), COLORS.contours, 0.95 - 0.18 * i, 1.25);
  }
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
