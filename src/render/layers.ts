/** What a picture can be made of: layers over each other, each drawn from tensors where they are. */
import { ArgumentError, finite, integerIn, oneOf } from "../gpu/errors.js";
import { shapeText } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** Red, green, blue in [0, 1], as they are shown (sRGB). */
export type Color = readonly [r: number, g: number, b: number];

/** Numbers on their way from one tensor to another of its shape, along the straight line. */
export interface Moving {
  readonly from: Tensor;
  /** Default `from`. */
  readonly to?: Tensor;
  /** Of the way, in [0, 1]; default 0. */
  readonly share?: number;
}

/** A log-density as colours. Layers that name the same `values` object share the work on it. */
export interface HeatLayer {
  readonly kind: "heat";
  /** [n, n], or flat, nats at the centres of cells over the window, row 0 at the top; between two: geometric means. */
  readonly values: Moving;
  /** [k, 3] colours from the lowest to the highest, each channel in [0, 1]. */
  readonly colors: Tensor;
  /** Colours follow p, or log p over this many nats below its maximum. */
  readonly scale: "linear" | { readonly nats: number };
}

/** Lines around the regions of highest density that hold given shares of the mass on the grid. */
export interface ContourLayer {
  readonly kind: "contours";
  readonly values: Moving;
  /** One to four shares in (0, 1), with an opacity each. */
  readonly shares: readonly number[];
  readonly alphas: readonly number[];
  readonly color: Color;
  /** Pixels of the picture, as all lengths of layers. */
  readonly width: number;
}

export interface DotLayer {
  readonly kind: "dots";
  /** [n, 2]. */
  readonly points: Moving;
  /** How many of them, the first ones; default all. */
  readonly count?: number;
  readonly radius: number;
  /** One for all, or rows `of` [n] of `colors` [k, 3]. */
  readonly color: Color | { readonly colors: Tensor; readonly of: Tensor };
  readonly alpha: number;
}

export interface LineLayer {
  readonly kind: "lines";
  /** [n, 2]. */
  readonly points: Moving;
  /** How many points in a row make a line, of which n is a multiple; default all. */
  readonly nodes?: number;
  /** What is drawn of each line, in nodes from its first; fractions lie on the straight line between two. Default all. */
  readonly part?: readonly [first: number, last: number];
  readonly width: number;
  readonly color: Color;
  readonly alpha: number;
}

export interface ArrowLayer {
  readonly kind: "arrows";
  /** [rows, columns, 2] a field at the centres of cells over the window, row 0 at the top. */
  readonly field: Moving;
  /** Length of an arrow in coordinates of the window, per unit of the field; below 0: turned round. */
  readonly scale: number;
  readonly width: number;
  /** Longest barb. */
  readonly head: number;
  readonly color: Color;
  readonly alpha: number;
}

export type Layer = HeatLayer | ContourLayer | DotLayer | LineLayer | ArrowLayer;

/** A square picture of a part of the plane. */
export interface Picture {
  /** Pixels along a side. */
  readonly size: number;
  /** [low, high] of both axes. */
  readonly window: readonly [number, number];
  /** [low, high] upwards, where it is not that of both. */
  readonly windowY?: readonly [number, number];
  readonly background: Color;
  /** Later ones over earlier ones. */
  readonly layers: readonly Layer[];
}

const LARGEST = 8192;

/** @throws ArgumentError naming what is out of range or of the wrong shape */
export function checkPicture(picture: Picture): void {
  integerIn("size", picture.size, 1, LARGEST);
  for (const [low, high] of [picture.window, picture.windowY ?? picture.window]) {
    finite("window", low);
    finite("window", high, low);
  }
  for (const layer of picture.layers) checkLayer(layer);
}

function checkLayer(layer: Layer): void {
  oneOf("kind", layer.kind, ["heat", "contours", "dots", "lines", "arrows"]);
  if (layer.kind === "heat") {
    checkGrid(layer.values);
    checkShape("colors", layer.colors, [undefined, 3]);
    if (layer.scale !== "linear") finite("scale.nats", layer.scale.nats, 0);
  } else if (layer.kind === "contours") {
    checkGrid(layer.values);
    const { shares, alphas } = layer;
    if (shares.length < 1 || shares.length > 4 || alphas.length !== shares.length) {
      throw new ArgumentError(
        `contours have ${shares.length} shares and ${alphas.length} opacities.`,
        "Give one to four of both.",
      );
    }
    const outside = shares.find((share) => !(share > 0 && share < 1));
    if (outside !== undefined)
      throw new ArgumentError(`shares holds ${outside}.`, "Shares lie between 0 and 1.");
  } else if (layer.kind === "dots") {
    const [n] = checkMoving("points", layer.points, [undefined, 2]);
    if (layer.count !== undefined) integerIn("count", layer.count, 0, n);
    if ("of" in layer.color) {
      checkShape("color.colors", layer.color.colors, [undefined, 3]);
      checkShape("color.of", layer.color.of, [n]);
    }
  } else if (layer.kind === "lines") {
    const [n = 0] = checkMoving("points", layer.points, [undefined, 2]);
    if (layer.nodes !== undefined && !Number.isInteger(n / integerIn("nodes", layer.nodes, 1)))
      throw new ArgumentError(`nodes is ${layer.nodes}.`, `${n} points make no whole number of such lines.`);
    const last = Math.max(0, (layer.nodes ?? n) - 1);
    const [from, to] = layer.part ?? [0, last];
    if (!(from >= 0 && from <= to && to <= last))
      throw new ArgumentError(`part is [${from}, ${to}].`, `It lies in [0, ${last}], the lower end first.`);
  } else {
    checkMoving("field", layer.field, [undefined, undefined, 2]);
  }
}

function checkGrid(values: Moving): void {
  const { from } = values;
  checkMoving("values", values, from.shape);
  const side = Math.sqrt(from.size);
  const isSquare = from.shape.length === 2 ? from.shape[0] === from.shape[1] : from.shape.length === 1;
  if (!isSquare || !Number.isInteger(side) || side < 1)
    throw badShape("values", from.shape, "[n, n] or [n²]");
}

/** @returns the shape */
function checkMoving(what: string, { from, to, share = 0 }: Moving, wanted: Wanted): readonly number[] {
  if (!(share >= 0 && share <= 1))
    throw new ArgumentError(`${what}.share is ${share}.`, "It lies in [0, 1].");
  checkShape(`${what}.from`, from, wanted);
  if (to) checkShape(`${what}.to`, to, from.shape);
  return from.shape;
}

type Wanted = readonly (number | undefined)[];

function checkShape(what: string, { shape }: Tensor, wanted: Wanted): void {
  const fits =
    shape.length === wanted.length &&
    wanted.every((extent, d) => extent === undefined || extent === shape[d]);
  if (!fits) throw badShape(what, shape, `[${wanted.map((extent) => extent ?? "n").join(", ")}]`);
}

function badShape(what: string, shape: readonly number[], wanted: string): ArgumentError {
  return new ArgumentError(`${what} has shape ${shapeText(shape)}.`, `It must be ${wanted}.`);
}
