/** The picture: particles with their paths, the stops of the solver, where they began, and the data around them. */
import { colorWheel } from "../shared/colormap.js";
import { Plane } from "../shared/plane.js";
import type { Leg } from "./protocol.js";
import { placeAt, stateAt, waysTo } from "./round-trip.js";
import { type Drop, isClosed, particlesOf } from "./shapes.js";

const HUES = colorWheel(24);
/** On the dark plate, in either theme. */
const COLORS = {
  crowd: "#8fa9b8",
  outline: "#e8eff0",
  stops: "#ffffff",
  cursor: "#ffffff",
  ghosts: "#ffffff",
};
/** In data coordinates: about 6 CSS pixels on a desktop. */
const GHOST = 0.09;
const CURSOR = 0.16;

/** A part of the particles that began as one shape. */
interface Group {
  readonly first: number;
  readonly count: number;
  readonly closed: boolean;
}

export class Scene {
  readonly #plane: Plane;
  #start: Float32Array = new Float32Array();
  #groups: Group[] = [];
  #colorOf = new Uint8Array();
  #legs: { readonly out: Leg; readonly back: Leg } | undefined;
  #crowd: readonly Float32Array[] = [];
  #progress = 0;
  /** What the reader's ticks show. */
  layers = { paths: true, stops: true, crowd: true };
  /** Where the keyboard drops, while the picture has the focus. */
  cursor: { readonly x: number; readonly y: number } | undefined;

  constructor(canvas: HTMLCanvasElement, window: readonly [number, number]) {
    this.#plane = new Plane(canvas, window, (plane) => this.#paint(plane));
    this.#plane.names = { x: "x", y: "y" };
  }

  /** @returns the place under a pointer, if it is on the plate */
  placeOf(event: MouseEvent): [x: number, y: number] | undefined {
    return this.#plane.placeOf(event);
  }

  /** Shows what was dropped, before it has been carried anywhere. @returns the particles, [n, 2] */
  begin(drops: readonly Drop[]): Float32Array {
    this.#legs = undefined;
    this.#groups = [];
    const points: number[] = [];
    const colors: number[] = [];
    drops.forEach((drop, k) => {
      const own = particlesOf(drop);
      const count = own.length / 2;
      this.#groups.push({ first: points.length / 2, count, closed: isClosed(drop.shape) });
      points.push(...own);
      for (let i = 0; i < count; i++) {
        colors.push(Math.floor(7 * k + (HUES.length * i) / count) % HUES.length);
      }
    });
    this.#start = Float32Array.from(points);
    this.#colorOf = Uint8Array.from(colors);
    this.redraw();
    return this.#start.slice();
  }

  load(out: Leg, back: Leg): void {
    this.#legs = { out, back };
    this.redraw();
  }

  /** @param frames [n, 2] each, from data to noise */
  surround(frames: readonly Float32Array[]): void {
    this.#crowd = frames;
    this.redraw();
  }

  /** @param progress 0 (data) … 0.5 (noise) … 1 (data again) */
  moveTo(progress: number): void {
    this.#progress = progress;
    this.redraw();
  }

  redraw(): void {
    this.#plane.invalidate();
  }

  #paint(plane: Plane): void {
    const { leg, share } = placeAt(this.#progress);
    if (this.layers.crowd && this.#crowd.length > 0) {
      const points = stateAt(this.#crowd, leg === "out" ? share : 1 - share);
      plane.dots({ points, colors: [COLORS.crowd], radius: 1.3, alpha: 0.35 });
    }
    plane.lines(this.#ghosts(), COLORS.ghosts, 0.6, 1.25);
    let points: Float32Array = this.#start;
    if (this.#legs) {
      const { out } = this.#legs;
      const now = this.#legs[leg];
      points = stateAt(now.frames, share);
      if (this.layers.paths) {
        this.#colored(plane, waysTo(out.frames, 1), 0.4, 1);
        this.#colored(plane, waysTo(now.frames, share), 1, 1.6);
      }
      if (this.layers.stops) {
        const stops = now.stops.flatMap((state) => [...state]);
        plane.dots({ points: stops, colors: [COLORS.stops], radius: 2, alpha: 0.9 });
      }
    }
    plane.lines(this.#outlines(points), COLORS.outline, 0.6);
    plane.dots({ points, colors: HUES, colorOf: this.#colorOf, radius: 4.5, alpha: 1 });
    if (!this.cursor) return;
    const { x, y } = this.cursor;
    const cross = [
      [x - CURSOR, y, x + CURSOR, y],
      [x, y - CURSOR, x, y + CURSOR],
    ];
    plane.lines(cross, COLORS.cursor, 1, 2);
  }

  /** Each way in the colour of its particle. */
  #colored(plane: Plane, ways: readonly number[][], alpha: number, width: number): void {
    HUES.forEach((hue, k) => {
      const own = ways.filter((_, i) => this.#colorOf[i] === k);
      if (own.length > 0) plane.lines(own, hue, alpha, width);
    });
  }

  /** Small circles where the particles began. */
  #ghosts(): number[][] {
    return Array.from({ length: this.#start.length / 2 }, (_, i) =>
      Array.from({ length: 17 }, (_, k) => {
        const angle = (2 * Math.PI * k) / 16;
        return [
          this.#start[2 * i]! + GHOST * Math.cos(angle),
          this.#start[2 * i + 1]! + GHOST * Math.sin(angle),
        ];
      }).flat(),
    );
  }

  /** Neighbours of a shape, joined. */
  #outlines(points: Float32Array): number[][] {
    return this.#groups.map(({ first, count, closed }) => {
      const line = [...points.subarray(2 * first, 2 * (first + count))];
      return closed ? [...line, line[0]!, line[1]!] : line;
    });
  }
}
