/** The moving points: between two computed frames they are drawn on the straight line. */
import { colorWheel } from "../shared/colormap.js";
import { Plane } from "../shared/plane.js";

const HUES = colorWheel(24);
const PATHS = 72;

export class Scene {
  readonly #plane: Plane;
  #frames: readonly Float32Array[] = [];
  #colorOf = new Uint8Array();
  #position = 0;
  /** Whether some of the points leave a line behind. */
  paths = true;
  /** [n, 2] as drawn. */
  shown = new Float32Array();

  constructor(canvas: HTMLCanvasElement, window: readonly [number, number]) {
    this.#plane = new Plane(canvas, window, (plane) => this.#paint(plane));
  }

  /** @param frames from noise to data, each [n, 2] */
  load(frames: readonly Float32Array[]): void {
    this.#frames = frames;
    const noise = frames[0]!;
    this.shown = new Float32Array(noise.length);
    this.#colorOf = Uint8Array.from({ length: noise.length / 2 }, (_, i) => {
      const turn = Math.atan2(noise[2 * i + 1]!, noise[2 * i]!) / (2 * Math.PI) + 0.5;
      return Math.floor(turn * HUES.length) % HUES.length;
    });
  }

  /** Moves the points. @param progress from 0 (noise) to 1 (data) */
  moveTo(progress: number): void {
    if (this.#frames.length === 0) return;
    this.#position = progress * (this.#frames.length - 1);
    const before = this.#frames[Math.floor(this.#position)]!;
    const after = this.#frames[Math.ceil(this.#position)]!;
    const share = this.#position % 1;
    for (let i = 0; i < this.shown.length; i++) {
      this.shown[i] = before[i]! + share * (after[i]! - before[i]!);
    }
    this.#plane.invalidate();
  }

  #paint(plane: Plane): void {
    if (this.paths) plane.lines(this.#trails(), "#cfe3ea", 0.4);
    plane.dots({ points: this.shown, colors: HUES, colorOf: this.#colorOf, radius: 1.6, alpha: 1 });
  }

  /** The way of the first points so far, each [k, 2]. */
  #trails(): number[][] {
    const passed = Math.floor(this.#position);
    return Array.from({ length: Math.min(PATHS, this.shown.length / 2) }, (_, i) => {
      const trail = this.#frames.slice(0, passed + 1).flatMap((frame) => [frame[2 * i]!, frame[2 * i + 1]!]);
      return [...trail, this.shown[2 * i]!, this.shown[2 * i + 1]!];
    });
  }
}
