/** The picture of each part of a training step. */
import { colorAt } from "../../shared/colormap.js";
import { make } from "../../shared/dom.js";
import { heat } from "../../shared/heat.js";
import type { Plane } from "../../shared/plane.js";
import { between } from "../../shared/stage.js";
import { type Place, showingAt, within } from "./phases.js";
import type { SlowStep } from "./protocol.js";

const WHITE = "#ffffff";
const PATH = "#9fd8ff";
const BASE = "#9fd8ff";
const PULL = "#ffe14d";
export const RISE = [255, 164, 92] as const;
export const FALL = [96, 176, 255] as const;

/** Levels of colour for log p, from `COLOR_FROM` of the map on: below that a point is lost on the plate. */
const LEVELS = 24;
export const COLOR_FROM = 0.35;
const PALETTE = Array.from({ length: LEVELS }, (_, i) =>
  colorAt(COLOR_FROM + ((1 - COLOR_FROM) * i) / (LEVELS - 1)),
);
/** Lengths of a path, of all that are drawn, that a pull of usual size gets. */
const PULL_LENGTH = 0.55;

/** A recorded step with what is painted of it worked out once. */
export class Scene {
  readonly before: HTMLCanvasElement;
  readonly after: HTMLCanvasElement;
  readonly change: HTMLCanvasElement;
  /** Largest change of p. */
  readonly mostChange: number;
  /** log p that the colours of points begin and end at, nats. */
  readonly range: readonly [low: number, high: number];
  readonly #paths: readonly Float32Array[];
  readonly #levels: Uint8Array;
  readonly #pullScale: number;

  constructor(readonly step: SlowStep) {
    const { size, densityBefore, densityAfter, logProb, path, pull } = step;
    this.before = heat(densityBefore, size, "linear").image;
    this.after = heat(densityAfter, size, "linear").image;
    const change = densityAfter.map((value, i) => Math.exp(value) - Math.exp(densityBefore[i]!));
    this.mostChange = change.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.change = signed(change, size, this.mostChange);
    const sorted = logProb.slice().sort();
    // Of a few points far out the rest would all look alike.
    this.range = [sorted[Math.floor(0.05 * sorted.length)]!, sorted.at(-1)!];
    const [low, high] = this.range;
    this.#levels = Uint8Array.from(logProb, (value) =>
      Math.round((LEVELS - 1) * Math.min(1, Math.max(0, (value - low) / (high - low || 1)))),
    );
    const count = path[0]!.length / 2;
    this.#paths = Array.from({ length: count }, (_, i) =>
      Float32Array.from(path.flatMap((frame) => [frame[2 * i]!, frame[2 * i + 1]!])),
    );
    const lengths = pull.flatMap((all) => pairs(all).map(([x, y]) => Math.hypot(x, y))).sort((a, b) => a - b);
    this.#pullScale = PULL_LENGTH / (lengths[Math.floor(0.9 * lengths.length)] || 1);
  }

  paint(plane: Plane, { phase, progress }: Place): void {
    const { step } = this;
    if (phase === 0) {
      plane.image(this.before);
      const shown = Math.ceil(progress * (step.batch.length / 2));
      this.#points(plane, step.batch.subarray(0, 2 * shown), false);
    } else if (phase === 1) {
      plane.image(faded(this.before, 1 - progress));
      this.#noise(plane, progress);
      this.#trails(plane, progress);
      this.#points(plane, between(step.path, progress), false);
    } else if (phase === 2) {
      this.#noise(plane, 1);
      this.#trails(plane, 1, 0.35 * (1 - progress));
      // The colour comes from one end of the batch to the other, so that it is seen to come.
      const end = between(step.path, 1);
      const known = 2 * Math.ceil((progress * end.length) / 2);
      this.#points(plane, end.subarray(known), false);
      this.#points(plane, end.subarray(0, known), true);
    } else if (phase === 3) {
      plane.image(faded(this.before, 0.5 * progress));
      this.#noise(plane, 1 - progress);
      const places = between(step.path, 1 - progress);
      this.#pulls(plane, places, progress);
      this.#points(plane, places, true);
    } else this.#update(plane, progress);
  }

  #points(plane: Plane, points: Float32Array, isColored: boolean): void {
    if (points.length === 0) return;
    const look = isColored ? { colors: PALETTE, colorOf: this.#levels } : { colors: [WHITE] };
    plane.dots({ points, ...look, radius: 2.6, alpha: 0.9 });
  }

  /** Paths up to where the points are, with a dot where each of the solver's steps began. */
  #trails(plane: Plane, progress: number, alpha = 0.35): void {
    const { dots, times, T, path } = this.step;
    if (progress === 0) return;
    const frames = progress * (path.length - 1);
    const whole = Math.floor(frames);
    const here = between(path, progress);
    const lines = this.#paths.map((line, i) => [
      ...line.subarray(0, 2 * whole + 2),
      here[2 * i]!,
      here[2 * i + 1]!,
    ]);
    plane.lines(lines, PATH, alpha);
    for (const [k, t] of times.entries()) {
      if (t <= T * progress) plane.dots({ points: dots[k]!, colors: [PATH], radius: 1.1, alpha: 2 * alpha });
    }
  }

  /** Circles around the middle of the noise, one, two and three deviations away. */
  #noise(plane: Plane, alpha: number): void {
    const { mean, std } = this.step;
    const circles = [1, 2, 3].map((radius) =>
      Array.from({ length: 130 }, (_, i) => {
        const angle = (2 * Math.PI * (i >> 1)) / 64;
        const axis = (i % 2) as 0 | 1;
        return mean[axis] + std[axis] * radius * (axis === 0 ? Math.cos(angle) : Math.sin(angle));
      }),
    );
    plane.lines(circles, BASE, 0.6 * alpha, 1.25);
  }

  #pulls(plane: Plane, places: Float32Array, progress: number): void {
    const { pull, times, T } = this.step;
    const { index, share } = within(times, T * (1 - progress));
    const [from, to] = [pull[index]!, pull[index + 1]!];
    const arrows = pairs(places).map(([x, y], i) => {
      const along = [0, 1].map((d) => {
        const at = 2 * i + d;
        return this.#pullScale * (from[at]! + share * (to[at]! - from[at]!));
      });
      return [x, y, along[0]!, along[1]!];
    });
    plane.arrows(arrows, PULL, 0.85);
  }

  #update(plane: Plane, progress: number): void {
    const showing = showingAt(progress);
    plane.image(this[showing]);
    const { batch } = this.step;
    plane.dots({ points: batch, colors: [WHITE], radius: 1.1, alpha: showing === "change" ? 0.35 : 0.2 });
  }
}

function pairs(points: Float32Array): [number, number][] {
  return Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i]!, points[2 * i + 1]!]);
}

function canvasOf(size: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = make("canvas", { width: size, height: size });
  return [canvas, canvas.getContext("2d")!];
}

/** The image over the plate's own colour, at this opacity. */
function faded(image: HTMLCanvasElement, alpha: number): HTMLCanvasElement {
  const [canvas, context] = canvasOf(image.width);
  context.fillStyle = colorAt(0);
  context.fillRect(0, 0, image.width, image.width);
  context.globalAlpha = alpha;
  context.drawImage(image, 0, 0);
  return canvas;
}

/** Values from −most to most as two colours over black. */
function signed(values: Float32Array, size: number, most: number): HTMLCanvasElement {
  const [canvas, context] = canvasOf(size);
  const picture = context.createImageData(size, size);
  for (const [i, value] of values.entries()) {
    const share = Math.abs(value) / (most || 1);
    const color = value > 0 ? RISE : FALL;
    for (let channel = 0; channel < 3; channel++) picture.data[4 * i + channel] = share * color[channel]!;
    picture.data[4 * i + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}
