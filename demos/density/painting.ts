/**
 * How a scene looks, and what draws it. A file of its own, because its kernels are fetched when there is something to
 * draw.
 */
import { type Device, ops, render, type Tensor, tensor } from "fjordgpu";
import { COLOR_MAP, LOG_RANGE } from "../shared/colormap.js";
import { CONTOUR_SHARES } from "../shared/contours.js";
import {
  arrowScale,
  CONTOUR_ALPHAS,
  crowd,
  dataLook,
  dotRadius,
  MESH_COLOR,
  SAMPLE_COLOR,
  shrink,
  TRAIL_ALPHA,
  WHITE,
} from "./looks.js";
import { type Look, MESH } from "./protocol-view.js";
import { rowsOf, type Scene } from "./scene.js";

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
    const dot = (radius: number) => dotRadius(radius, { size, ratio });
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
        color: MESH_COLOR,
        alpha: 0.55,
      });
    }
    if (shown.data) {
      const overDensity = shown.density && values !== undefined;
      const look = dataLook(scene.data.shape[0]!, overDensity, progress);
      layers.push({ kind: "dots", points: { from: scene.data }, radius: dot(1.2), color: WHITE, ...look });
    }
    const trails = scene.trailsAt(progress, turned);
    if (shown.trails && trails) {
      layers.push({ kind: "lines", ...trails, width: ratio, color: SAMPLE_COLOR, alpha: TRAIL_ALPHA });
    }
    const parts = shown.samples ? scene.samplesAt(progress) : [];
    const count = rowsOf(parts);
    for (const points of parts) {
      const look = { radius: dot(1.4 * shrink(count)), color: SAMPLE_COLOR, alpha: crowd(0.95, count) };
      layers.push({ kind: "dots", points, ...look });
    }
    if (shown.contours && values) {
      const look = { shares: CONTOUR_SHARES, alphas: CONTOUR_ALPHAS, color: WHITE, width: 1.25 * ratio };
      layers.push({ kind: "contours", values, ...look });
    }
    const field = scene.fieldAt(progress);
    if (shown.field && field) {
      const cell = (window[1] - window[0]) / field.from.shape[0]!;
      const scale = arrowScale(cell, scene.topSpeed, turned);
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
