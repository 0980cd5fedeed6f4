/** How the points look. A file of its own, because its kernels are fetched when there is something to draw. */
import { type Device, render, type Tensor, tensor } from "fjordgpu";
import { COLOR_MAP, oklch } from "../shared/colormap.js";
import type { Particles } from "./particles.js";
import { FRAMES, HUES, type Look } from "./protocol.js";

/** Side of the plate on a desktop, CSS pixels: dots have their full size there. */
const USUAL_SIDE = 520;
const NIGHT: render.Color = [COLOR_MAP[0]! / 255, COLOR_MAP[1]! / 255, COLOR_MAP[2]! / 255];
const PATH: render.Color = [0.812, 0.89, 0.918];
/** Of equal lightness all round, as in Plane's pictures. */
const WHEEL = Float32Array.from(
  Array.from({ length: HUES }, (_, i) => oklch(0.78, 0.12, (360 * i) / HUES)).flat(),
  (byte) => byte / 255,
);

export class Painting {
  readonly #colors: Tensor;

  private constructor(readonly painter: render.Painter) {
    this.#colors = tensor(painter.device, WHEEL, [HUES, 3]);
  }

  static async create(device: Device): Promise<Painting> {
    return new Painting(await render.painter(device));
  }

  pictureOf(particles: Particles, { size, ratio, progress, paths }: Look): render.Picture {
    const { window, hues, count } = particles;
    const layers: render.Layer[] = [];
    if (paths) {
      const points = particles.waysAt(progress);
      layers.push({ kind: "lines", points, nodes: FRAMES, width: ratio, color: PATH, alpha: 0.4 });
    }
    // More points are smaller and fainter, so that crowds still show where they are densest.
    const radius = Math.max(0.75, (count > 50_000 ? 1.1 : 1.6) * Math.min(1.2, size / ratio / USUAL_SIDE));
    layers.push({
      kind: "dots",
      points: particles.at(progress),
      radius: radius * ratio,
      color: { colors: this.#colors, of: hues },
      alpha: Math.min(1, Math.max(0.15, Math.sqrt(2000 / count))),
    });
    return { size, window, background: NIGHT, layers };
  }
}
