/** Points on their ways, and rings of particles with their change of area. */
import { between } from "../shared/stage.js";
import type { Ring } from "./protocol-view.js";

/** Where on a way [k, 2] of evenly spaced times a point is. */
export function pointOn(path: Float32Array, progress: number): number[] {
  const position = progress * (path.length / 2 - 1);
  const [before, after, share] = [2 * Math.floor(position), 2 * Math.ceil(position), position % 1];
  return [0, 1].map((d) => path[before + d]! + share * (path[after + d]! - path[before + d]!));
}

/** Area of a polygon [n, 2] (the shoelace formula), positive counterclockwise. */
export function polygonArea(points: ArrayLike<number>): number {
  let twice = 0;
  for (let i = 0; i < points.length; i += 2) {
    const next = (i + 2) % points.length;
    twice += points[i]! * points[next + 1]! - points[next]! * points[i + 1]!;
  }
  return twice / 2;
}

export interface RingState {
  /** [RING, 2]. */
  readonly outline: Float32Array;
  /** [2]. */
  readonly centre: Float32Array;
  /** Its area, as a multiple of that when it was dropped: of the polygon of its particles. */
  readonly measured: number;
  /** The same as exp ∫ ∇·f dt along the way of its centre. */
  readonly predicted: number;
}

/** @param radius with which it was dropped */
export function ringAt(ring: Ring, radius: number, progress: number): RingState {
  const outline = between(ring.places, progress);
  const corners = outline.length / 2;
  const dropped = (corners / 2) * radius ** 2 * Math.sin((2 * Math.PI) / corners);
  const position = progress * (ring.logArea.length - 1);
  const [before, after] = [ring.logArea[Math.floor(position)]!, ring.logArea[Math.ceil(position)]!];
  return {
    outline,
    centre: between(ring.centre, progress),
    measured: polygonArea(outline) / dropped,
    predicted: Math.exp(before + (position % 1) * (after - before)),
  };
}
