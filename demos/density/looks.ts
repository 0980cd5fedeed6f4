/** Colours and measures of the layers of the picture, whoever paints it. */
import type { render } from "fjordgpu";
import { SAMPLES as FULL_SIZE } from "./protocol-view.js";

export const WHITE: render.Color = [1, 1, 1];
export const SAMPLE_COLOR: render.Color = [1, 0.643, 0.361];
export const MESH_COLOR: render.Color = [0.624, 0.847, 1];
export const TRAIL_ALPHA = 0.5;

/** Of the contours, by CONTOUR_SHARES. */
export const CONTOUR_ALPHAS = [0.95, 0.77, 0.59, 0.41];

/** Points of the data where they stand aside. */
const FAINT_POINTS = 700;
/** Side of the plate on a desktop, CSS pixels: dots have their full size there. */
const USUAL_SIDE = 520;

/** In pixels of a plate with `size` of them along a side, `ratio` to a CSS pixel. */
export function dotRadius(radius: number, { size, ratio }: { size: number; ratio: number }): number {
  return Math.max(0.75, radius * Math.min(1.2, size / ratio / USUAL_SIDE)) * ratio;
}

/** Of the radius of one of n dots, of which FULL_SIZE have their full one: more of them would hide what is below. */
export function shrink(n: number): number {
  return Math.min(1, (FULL_SIZE / Math.max(1, n)) ** (1 / 6));
}

/** Opacity of one of n dots, of which 1,000 would get `alpha`: crowds still show where they are densest. */
export function crowd(alpha: number, n: number): number {
  return Math.min(1, Math.max(0.12, alpha * Math.sqrt(1000 / n)));
}

/** How many of all points of the data are drawn, and how opaque each is. */
export function dataLook(all: number, overDensity: boolean, progress: number) {
  // Over the density the data must not hide what they are compared with; they belong to t = 0 alone.
  const alpha = (overDensity ? 0.5 : 0.9) * (progress === 1 ? 1 : 0.35);
  const count = progress === 1 ? all : Math.min(all, FAINT_POINTS);
  return { count, alpha: crowd(alpha, count) };
}

/** What a velocity is multiplied with, so that the longest arrow is a little longer than its cell. */
export function arrowScale(cell: number, topSpeed: number, turned: boolean): number {
  const longest = topSpeed > 0 ? (1.1 * cell) / topSpeed : 0;
  // f leads from data to noise; the arrows lead where time is going to go.
  return turned ? longest : -longest;
}
