/** The layers of the picture on a 2-D canvas of the worker's: how they look where no device draws them (painting.ts). */
import { contours } from "d3-contour";
import type { render } from "fjordgpu";
import { arrowPath } from "../../shared/arrow.js";
import { colorAt } from "../../shared/colormap.js";
import { CONTOUR_SHARES, massLevels } from "../../shared/contours.js";
import { cellCentres } from "../../shared/grid.js";
import { heatPixels } from "../../shared/heat.js";
import type { Density } from "../../shared/stage.js";
import {
  arrowScale,
  CONTOUR_ALPHAS,
  crowd,
  dataLook,
  dotRadius,
  MESH_COLOR,
  SAMPLE_COLOR,
  TRAIL_ALPHA,
  WHITE,
} from "../looks.js";
import { ARROWS, type Look, MESH } from "../protocol-view.js";
import type { CpuScene } from "./scene.js";

/** [size, size, 4], row 0 at the top. @throws Error where a worker has no 2-D canvas */
export function pixelsOf(scene: CpuScene, look: Look): Uint8ClampedArray<ArrayBuffer> {
  const { size, ratio, progress, turned, scale, layers } = look;
  const context = canvasOf(size);
  context.fillStyle = colorAt(0);
  context.fillRect(0, 0, size, size);
  const painter = new Painter(context, scene.window, look);
  const density = scene.densityAt(progress);
  if (layers.density && density) painter.heat(density, scale);
  const mesh = layers.mesh && scene.meshAt(progress);
  if (mesh) {
    const line = (i: number) => mesh.subarray(2 * i * MESH.nodes, 2 * (i + 1) * MESH.nodes);
    painter.stroke(MESH_COLOR, 0.55, ratio);
    painter.lines(Array.from({ length: 2 * MESH.lines }, (_, i) => line(i)));
  }
  if (layers.data) {
    const { count, alpha } = dataLook(
      scene.data.length / 2,
      layers.density && density !== undefined,
      progress,
    );
    painter.dots(scene.data.subarray(0, 2 * count), 1.2, WHITE, alpha);
  }
  if (layers.trails) {
    painter.stroke(SAMPLE_COLOR, TRAIL_ALPHA, ratio);
    // One by one: where two of them cross, both are seen.
    for (const trail of scene.trailsAt(progress, turned)) painter.lines([trail]);
  }
  const samples = layers.samples && scene.samplesAt(progress);
  if (samples) painter.dots(samples, 1.4, SAMPLE_COLOR, crowd(0.95, samples.length / 2));
  if (layers.contours && density) painter.contours(density);
  const field = layers.field && scene.fieldAt(progress);
  if (field) painter.arrows(field, scene.topSpeed, turned);
  return context.getImageData(0, 0, size, size).data;
}

function canvasOf(size: number): OffscreenCanvasRenderingContext2D {
  const context =
    typeof OffscreenCanvas === "undefined" ? null : new OffscreenCanvas(size, size).getContext("2d");
  if (!context)
    throw new Error("Without WebGPU this page draws in a worker, which this browser is too old for.");
  return context;
}

const css = (color: render.Color) => `rgb(${color.map((part) => Math.round(255 * part)).join(" ")})`;

class Painter {
  constructor(
    readonly context: OffscreenCanvasRenderingContext2D,
    readonly window: readonly [number, number],
    readonly look: Look,
  ) {}

  /** Pixels from the left, and from the top. */
  #x(value: number): number {
    const [low, high] = this.window;
    return ((value - low) * this.look.size) / (high - low);
  }

  #y(value: number): number {
    return this.look.size - this.#x(value);
  }

  heat({ size, logDensity }: Density, scale: Look["scale"]): void {
    const cells = canvasOf(size);
    const peak = logDensity.reduce((top, value) => Math.max(top, value), Number.NEGATIVE_INFINITY);
    cells.putImageData(heatPixels(logDensity, size, scale, peak), 0, 0);
    const { context, look } = this;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(cells.canvas, 0, 0, look.size, look.size);
  }

  /** How the next lines look. */
  stroke(color: render.Color, alpha: number, width: number): void {
    const { context } = this;
    context.globalAlpha = alpha;
    context.strokeStyle = css(color);
    context.lineWidth = width;
  }

  /** @param paths each [k, 2] in data coordinates */
  lines(paths: readonly ArrayLike<number>[]): void {
    const { context } = this;
    context.beginPath();
    for (const path of paths) {
      context.moveTo(this.#x(path[0]!), this.#y(path[1]!));
      for (let i = 2; i < path.length; i += 2) context.lineTo(this.#x(path[i]!), this.#y(path[i + 1]!));
    }
    context.stroke();
  }

  /** @param points [n, 2] @param radius CSS pixels on a plate of usual size */
  dots(points: Float32Array, radius: number, color: render.Color, alpha: number): void {
    const { context, look } = this;
    const pixels = dotRadius(radius, look);
    // Drawn once and copied: many times faster than an arc for every point.
    const disc = canvasOf(Math.ceil(2 * pixels) + 2);
    const half = disc.canvas.width / 2;
    disc.fillStyle = css(color);
    disc.arc(half, half, pixels, 0, 2 * Math.PI);
    disc.fill();
    context.globalAlpha = alpha;
    for (let i = 0; i < points.length; i += 2) {
      context.drawImage(disc.canvas, this.#x(points[i]!) - half, this.#y(points[i + 1]!) - half);
    }
    context.globalAlpha = 1;
  }

  contours({ size, logDensity }: Density): void {
    const [low, high] = this.window;
    const cell = (high - low) / size;
    const values = Array.from(logDensity);
    const make = contours().size([size, size]).smooth(true);
    massLevels(logDensity, CONTOUR_SHARES).forEach((level, i) => {
      const rings = make.contour(values, level).coordinates.flat();
      this.stroke(WHITE, CONTOUR_ALPHAS[i]!, 1.25 * this.look.ratio);
      this.lines(rings.map((ring) => ring.flatMap(([x, y]) => [low + x! * cell, high - y! * cell])));
    });
  }

  /** @param field [ARROWS, ARROWS, 2] */
  arrows(field: Float32Array, topSpeed: number, turned: boolean): void {
    const { context, window, look } = this;
    const scale = arrowScale((window[1] - window[0]) / ARROWS, topSpeed, turned);
    const places = cellCentres(ARROWS, window);
    this.stroke(WHITE, 0.75, 1.25 * look.ratio);
    context.lineCap = "round";
    context.beginPath();
    for (let i = 0; i < field.length; i += 2) {
      const [across, up] = [(scale * field[i]!) / 2, (scale * field[i + 1]!) / 2];
      const from = [this.#x(places[i]! - across), this.#y(places[i + 1]! - up)] as const;
      const to = [this.#x(places[i]! + across), this.#y(places[i + 1]! + up)] as const;
      arrowPath(context, from, to, 5 * look.ratio);
    }
    context.stroke();
    context.globalAlpha = 1;
  }
}
