/**
 * How a scene looks, and what draws it. A file of its own, because its kernels are fetched when there is something to
 * draw.
 */
import { type Device, ops, render, type Tensor, tensor } from "fjordgpu";
import { COLOR_MAP, LOG_RANGE } from "../shared/colormap.js";
import { CONTOUR_SHARES } from "../shared/contours.js";
import { type Look, MESH } from "./protocol-view.js";
import type { Scene } from "./scene.js";

/** Points of the data where they stand aside. */
const FAINT_POINTS = 700;
/** Of the contours, by CONTOUR_SHARES. */
const ALPHAS = [0.95, 0.77, 0.59, 0.41];
/** Side of the plate on a desktop, CSS pixels: dots have their full size there. */
const USUAL_SIDE = 520;

const WHITE: render.Color = [1, 1, 1];
const SAMPLES: render.Color = [1, 0.643, 0.361];
const LINES: render.Color = [0.624, 0.847, 1];
const BYTES = Float32Array.from(COLOR_MAP, (byte) => byte / 255);
const NIGHT: render.Color = [BYTES[0]!, BYTES[1]!, BYTES[2]!];

export class Painting {
  readonly #colors: Tensor;

  private constructor(readonly painter: render.Painter) {
    this.#colors = tensor(painter.device, BYTES, [BYTES.length / 3, 3]);
  }

  static async create(device: Device): Promise<Painting> {
    return new Painting(await render.painter(device));
  }

  pictureOf(scene: Scene, { size, ratio, progress, turned, scale, layers: shown }: Look): render.Picture {
    const { window } = scene;
    const layers: render.Layer[] = [];
    const dot = (radius: number) => Math.max(0.75, radius * Math.min(1.2, size / ratio / USUAL_SIDE)) * ratio;
    const values = scene.densityAt(progress);
    if (shown.density && values) {
      const nats = scale === "log" ? ({ nats: LOG_RANGE } as const) : "linear";
      layers.push({ kind: "heat", values, colors: this.#colors, scale: nats });
    }
    const mesh = scene.meshAt(progress);
    if (shown.mesh && mesh) {
      layers.push({
        kind: "lines",
        points: mesh,
        nodes: MESH.nodes,
        width: ratio,
        color: LINES,
        alpha: 0.55,
      });
    }
    if (shown.data) {
      // Over the density the data must not hide what they are compared with; they belong to t = 0 alone.
      const alpha = (shown.density && values ? 0.5 : 0.9) * (progress === 1 ? 1 : 0.35);
      const all = scene.data.shape[0]!;
      const count = progress === 1 ? all : Math.min(all, FAINT_POINTS);
      const look = { count, radius: dot(1.2), color: WHITE, alpha: crowd(alpha, count) };
      layers.push({ kind: "dots", points: { from: scene.data }, ...look });
    }
    const points = scene.samplesAt(progress);
    if (shown.samples && points) {
      const alpha = crowd(0.95, points.from.shape[0]!);
      layers.push({ kind: "dots", points, radius: dot(1.4), color: SAMPLES, alpha });
    }
    if (shown.contours && values) {
      const look = { shares: CONTOUR_SHARES, alphas: ALPHAS, color: WHITE, width: 1.25 * ratio };
      layers.push({ kind: "contours", values, ...look });
    }
    const field = scene.fieldAt(progress);
    if (shown.field && field) {
      const cell = (window[1] - window[0]) / field.from.shape[0]!;
      const longest = scene.topSpeed > 0 ? (1.1 * cell) / scene.topSpeed : 0;
      // f leads from data to noise; the arrows lead where time is going to go.
      const scale = turned ? longest : -longest;
      const look = { width: 1.25 * ratio, head: 5 * ratio, color: WHITE, alpha: 0.75 };
      layers.push({ kind: "arrows", field, scale, ...look });
    }
    return { size, window, background: NIGHT, layers };
  }
}

/** Bands of a density one after the other. */
export function joined(bands: readonly Tensor[]): Promise<Tensor> {
  return ops.concat(bands);
}

/** Opacity of one of n dots, of which 1,000 would get `alpha`: crowds still show where they are densest. */
function crowd(alpha: number, n: number): number {
  return Math.min(1, Math.max(0.12, alpha * Math.sqrt(1000 / n)));
}
