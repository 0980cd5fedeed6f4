/** A density as an image, and the legend that says what its colours mean. */
import { COLOR_MAP, colorAt, LOG_RANGE } from "./colormap.js";
import { make } from "./dom.js";
import { decimal } from "./format.js";

/** "linear": colour follows p. "log": colour follows log p, over the nats below its maximum. */
export type HeatScale = "linear" | "log";

export interface Heat {
  readonly image: HTMLCanvasElement;
  /** The largest log p of the grid, nats. */
  readonly peak: number;
}

/**
 * Paints log p on a grid; one pixel a cell.
 * @param logDensity [size, size] nats, row 0 at the top
 * @param top the log p of the lightest colour; default the largest of the grid
 */
export function heat(logDensity: Float32Array, size: number, scale: HeatScale, top?: number): Heat {
  let peak = Number.NEGATIVE_INFINITY;
  for (const value of logDensity) if (value > peak) peak = value;
  return { image: colored(logDensity, size, size, scale, top ?? peak), peak };
}

/** @param logDensity [height, width] nats, row 0 at the top @param top log p of the brightest colour */
export function colored(
  logDensity: Float32Array,
  width: number,
  height: number,
  scale: HeatScale,
  top: number,
): HTMLCanvasElement {
  const canvas = make("canvas", { width, height });
  const context = canvas.getContext("2d")!;
  context.putImageData(heatPixels(logDensity, width, scale, top), 0, 0);
  return canvas;
}

/** One pixel a cell. @param logDensity [height, width] nats, row 0 at the top @param top log p of the brightest colour */
export function heatPixels(
  logDensity: Float32Array,
  width: number,
  scale: HeatScale,
  top: number,
): ImageData {
  const picture = new ImageData(width, logDensity.length / width);
  for (let i = 0; i < logDensity.length; i++) {
    const below = logDensity[i]! - top;
    const x = scale === "linear" ? Math.exp(below) : 1 + below / LOG_RANGE;
    const level = 3 * Math.round(255 * Math.min(1, Math.max(0, x)));
    picture.data[4 * i] = COLOR_MAP[level]!;
    picture.data[4 * i + 1] = COLOR_MAP[level + 1]!;
    picture.data[4 * i + 2] = COLOR_MAP[level + 2]!;
    picture.data[4 * i + 3] = 255;
  }
  return picture;
}

/** Fills `host` with a bar of the colour map and log p in nats at five places. */
export function legend(host: HTMLElement, peak: number | undefined, scale: HeatScale): void {
  const stops = Array.from({ length: 17 }, (_, i) => colorAt(i / 16)).join(", ");
  const bar = make("div", { className: "legend-bar" });
  bar.style.background = `linear-gradient(to right, ${stops})`;
  const ticks = make("div", { className: "legend-ticks" });
  for (const x of [0, 0.25, 0.5, 0.75, 1]) {
    const below = scale === "linear" ? Math.log(x) : LOG_RANGE * (x - 1);
    const text = peak === undefined ? "" : decimal(peak + below, 1);
    ticks.append(make("span", {}, scale === "log" && x === 0 && text ? `≤ ${text}` : text));
  }
  host.replaceChildren(bar, ticks);
}
