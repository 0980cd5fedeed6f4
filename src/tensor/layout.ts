/** Entries in another arrangement: permuted axes, slices, concatenation, reshaping. All of them copy. */
import { copy as copyKernel } from "../generated/tensor/copy.js";
import { ArgumentError, integerIn } from "../gpu/errors.js";
import { copy, type Dispatch, foldedGrid } from "../gpu/submit.js";
import { checkedAxis, checkedShape, padded, type Shape, shapeText, sizeOf, stridesOf } from "./shape.js";
import { deviceOf, produce, type Tensor } from "./tensor.js";

/** A box of entries and how it lies in both buffers; strides and starts in entries. */
interface Box {
  readonly extents: Shape;
  readonly fromStrides: readonly number[];
  readonly toStrides: readonly number[];
  readonly fromStart?: number;
  readonly toStart?: number;
}

async function copier(x: Tensor, box: Box): Promise<(to: Tensor) => Dispatch[]> {
  const count = sizeOf(box.extents);
  if (count === 0) return () => [];
  const kernel = await x.device.kernel(copyKernel, "main");
  const params = {
    extents: padded(box.extents, 1),
    from_strides: padded(box.fromStrides, 0),
    to_strides: padded(box.toStrides, 0),
    from_start: box.fromStart ?? 0,
    to_start: box.toStart ?? 0,
    count,
  };
  return (to) => [kernel.bind({ params, x: x.buffer, result: to.buffer }, foldedGrid(Math.ceil(count / 64)))];
}

/**
 * Axis d of the result is axis `axes[d]` of x; without `axes` their order is reversed.
 * @throws ArgumentError unless `axes` names each axis once; FjordError `disposed` (so do the functions below)
 */
export async function transpose(
  x: Tensor,
  axes: readonly number[] = x.shape.map((_, d) => -1 - d),
): Promise<Tensor> {
  const device = deviceOf(x);
  const order = axes.map((axis) => checkedAxis(axis, x.shape));
  if (order.length !== x.shape.length || new Set(order).size !== order.length) {
    throw new ArgumentError(
      `Axes ${shapeText(axes)} are no order of the axes of shape ${shapeText(x.shape)}.`,
      "Name each axis once.",
    );
  }
  const strides = stridesOf(x.shape);
  const extents = order.map((axis) => x.shape[axis]!);
  const fromStrides = order.map((axis) => strides[axis]!);
  const launch = await copier(x, { extents, fromStrides, toStrides: stridesOf(extents) });
  return produce("transpose", [x], device, extents, launch);
}

/**
 * The box of extents `sizes` that starts at `starts`, one of each per axis.
 * @throws ArgumentError naming the axis where the box leaves the tensor
 */
export async function slice(x: Tensor, starts: readonly number[], sizes: Shape): Promise<Tensor> {
  const device = deviceOf(x);
  const { shape } = x;
  if (starts.length !== shape.length || sizes.length !== shape.length) {
    throw new ArgumentError(
      `A slice of shape ${shapeText(shape)} was given ${starts.length} starts and ${sizes.length} sizes.`,
      "It takes one of each per axis.",
    );
  }
  for (const [axis, extent] of shape.entries()) {
    const what = `of a slice of shape ${shapeText(shape)} along axis ${axis}`;
    integerIn(`The start ${what}`, starts[axis]!, 0, extent);
    integerIn(`The size ${what} from ${starts[axis]!} on`, sizes[axis]!, 0, extent - starts[axis]!);
  }
  const fromStrides = stridesOf(shape);
  const fromStart = fromStrides.reduce((at, stride, axis) => at + stride * starts[axis]!, 0);
  const launch = await copier(x, { extents: sizes, fromStrides, toStrides: stridesOf(sizes), fromStart });
  return produce("slice", [x], device, sizes, launch);
}

/**
 * The tensors one after the other along `axis`; the other extents must be equal.
 * @throws ArgumentError naming the shapes that do not fit, or for no tensors
 */
export async function concat(tensors: readonly Tensor[], axis = 0): Promise<Tensor> {
  const device = deviceOf(...tensors);
  const first = tensors[0]!.shape;
  const at = checkedAxis(axis, first);
  for (const { shape } of tensors) {
    if (shape.length !== first.length || shape.some((extent, d) => d !== at && extent !== first[d])) {
      throw new ArgumentError(
        `Shapes ${shapeText(first)} and ${shapeText(shape)} cannot be joined along axis ${at}.`,
        "All other extents must be equal.",
      );
    }
  }
  const extents = first.map((extent, d) =>
    d === at ? tensors.reduce((total, { shape }) => total + shape[d]!, 0) : extent,
  );
  const toStrides = stridesOf(extents);
  const launches: ((to: Tensor) => Dispatch[])[] = [];
  let joined = 0;
  for (const x of tensors) {
    const toStart = joined * toStrides[at]!;
    launches.push(await copier(x, { extents: x.shape, fromStrides: stridesOf(x.shape), toStrides, toStart }));
    joined += x.shape[at]!;
  }
  return produce("concat", tensors, device, extents, (result) =>
    launches.flatMap((launch) => launch(result)),
  );
}

/** The same entries in row-major order under another shape. @throws ArgumentError when the sizes differ */
export async function reshape(x: Tensor, shape: Shape): Promise<Tensor> {
  const device = deviceOf(x);
  const checked = checkedShape(shape);
  if (sizeOf(checked) !== x.size) {
    throw new ArgumentError(
      `Shape ${shapeText(x.shape)} cannot become ${shapeText(shape)}: their sizes differ.`,
    );
  }
  return produce("reshape", [x], device, checked, (to) => [copy(x.buffer.words(0, x.size), to.buffer)]);
}
