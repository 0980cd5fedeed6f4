/** The density of the picture as numbers in the units of the data. */
import type { Frame } from "../protocol.js";
import type { OwnData } from "../sets.js";

export interface CellGrid {
  readonly size: number;
  /** [size, size] log p in nats per unit area of the data: rows upwards in y, columns to the right in x. */
  readonly logDensity: Float32Array<ArrayBuffer>;
  /** [size] each: the cells' centres. */
  readonly x: Float64Array<ArrayBuffer>;
  readonly y: Float64Array<ArrayBuffer>;
}

/** Turns the picture's rows over, so that y rises with the index, and its coordinates into those of the data. */
export function cellGrid(
  { logDensity, size }: Pick<Frame, "logDensity" | "size">,
  [low, high]: readonly [number, number],
  own: OwnData | undefined,
): CellGrid {
  const [scaleX, scaleY] = own?.scaling?.std ?? [1, 1];
  const [shiftX, shiftY] = own?.scaling?.mean ?? [0, 0];
  const logDet = -Math.log(scaleX * scaleY);
  const out = new Float32Array(size * size);
  for (let row = 0; row < size; row++) {
    out.set(logDensity.subarray((size - 1 - row) * size, (size - row) * size), row * size);
  }
  const centre = (i: number) => low + ((i + 0.5) * (high - low)) / size;
  const cells = Float64Array.from({ length: size }, (_, i) => centre(i));
  return {
    size,
    logDensity: out.map((value) => value + logDet),
    x: cells.map((value) => shiftX + scaleX * value),
    y: cells.map((value) => shiftY + scaleY * value),
  };
}

/** Points [n, 2] of the picture in the units of the data. */
export function inUnits(points: Float32Array, own: OwnData | undefined): Float32Array {
  const scaling = own?.scaling;
  if (!scaling) return points;
  return points.map((value, i) => scaling.mean[(i % 2) as 0 | 1] + scaling.std[(i % 2) as 0 | 1] * value);
}
