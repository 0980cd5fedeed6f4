/** Operations on each entry: arithmetic with broadcasting, elementary functions, activations. */
import { ACTIVATIONS, type Activation } from "../field/spec.js";
import { activation as activationKernel } from "../generated/tensor/activation.js";
import { binary as binaryKernel } from "../generated/tensor/binary.js";
import { unary as unaryKernel } from "../generated/tensor/unary.js";
import { ArgumentError, finite, oneOf } from "../gpu/errors.js";
import { foldedGrid } from "../gpu/submit.js";
import { broadcastShape, broadcastStrides, padded, sameShape, shapeText } from "./shape.js";
import { deviceOf, produce, Tensor, tensor } from "./tensor.js";

/** A number stands for a scalar tensor. */
export type Operand = Tensor | number;

/** In the order of OP in shaders/tensor/binary.wgsl. */
const BINARY = ["add", "sub", "mul", "div", "minimum", "maximum"] as const;

/** In the order of OP in shaders/tensor/unary.wgsl. */
const UNARY = ["neg", "abs", "exp", "log", "log1p", "sqrt", "square"] as const;

/** Workgroups of 64 invocations that own 4 entries each. */
const quadGrid = (size: number) => foldedGrid(Math.ceil(size / 256));

async function binary(name: (typeof BINARY)[number], a: Operand, b: Operand): Promise<Tensor> {
  const device = deviceOf(...[a, b].filter((operand) => operand instanceof Tensor));
  // Numbers travel in a buffer of their own and not in the kernel's parameters, which are kept for ever.
  const [x, y] = [a, b].map((operand) =>
    operand instanceof Tensor ? operand : tensor(device, [operand], []),
  );
  try {
    return await broadcast(name, x!, y!);
  } finally {
    if (x !== a) x!.dispose();
    if (y !== b) y!.dispose();
  }
}

async function broadcast(name: (typeof BINARY)[number], a: Tensor, b: Tensor): Promise<Tensor> {
  const { device } = a;
  const shape = broadcastShape(a.shape, b.shape);
  const isEqual = sameShape(a.shape, b.shape);
  const constants = { OP: BINARY.indexOf(name), BROADCAST: isEqual ? 0 : 1 };
  const kernel = await device.kernel(binaryKernel, "main", constants);
  return produce(name, [a, b], device, shape, (result) => {
    const params = {
      extents: padded(shape, 1),
      a_strides: broadcastStrides(a.shape, shape),
      b_strides: broadcastStrides(b.shape, shape),
      count: result.size,
    };
    const buffers = { a: a.buffer, b: b.buffer, result: result.buffer };
    return [kernel.bind({ params, ...buffers }, quadGrid(result.size))];
  });
}

async function unary(name: (typeof UNARY)[number], x: Tensor): Promise<Tensor> {
  const device = deviceOf(x);
  const kernel = await device.kernel(unaryKernel, "main", { OP: UNARY.indexOf(name) });
  return produce(name, [x], device, x.shape, (result) => {
    const values = { params: { count: x.size }, x: x.buffer, result: result.buffer };
    return [kernel.bind(values, quadGrid(x.size))];
  });
}

/**
 * a + b, with shapes stretched to each other as `broadcastShape` says; so do the five below.
 * @throws ArgumentError naming both shapes, or for tensors of two devices; FjordError `disposed`
 */
export const add = (a: Operand, b: Operand): Promise<Tensor> => binary("add", a, b);

/** a − b. */
export const sub = (a: Operand, b: Operand): Promise<Tensor> => binary("sub", a, b);

/** a b, entry by entry. */
export const mul = (a: Operand, b: Operand): Promise<Tensor> => binary("mul", a, b);

/** a / b, within the 2.5 ULP that WGSL grants. */
export const div = (a: Operand, b: Operand): Promise<Tensor> => binary("div", a, b);

/** The smaller one; unspecified where one is NaN. */
export const minimum = (a: Operand, b: Operand): Promise<Tensor> => binary("minimum", a, b);

/** The larger one; unspecified where one is NaN. */
export const maximum = (a: Operand, b: Operand): Promise<Tensor> => binary("maximum", a, b);

/** x times a number. */
export const scale = (x: Tensor, factor: number): Promise<Tensor> => binary("mul", x, factor);

/** −x. */
export const neg = (x: Tensor): Promise<Tensor> => unary("neg", x);

/** |x|. */
export const abs = (x: Tensor): Promise<Tensor> => unary("abs", x);

/** e^x over the whole range of f32, infinity where it overflows. */
export const exp = (x: Tensor): Promise<Tensor> => unary("exp", x);

/** ln x: −infinity at 0, NaN below. */
export const log = (x: Tensor): Promise<Tensor> => unary("log", x);

/** ln(1 + x), accurate for small x. */
export const log1p = (x: Tensor): Promise<Tensor> => unary("log1p", x);

/** √x with the device's own accuracy (a few ULP); NaN below 0. */
export const sqrt = (x: Tensor): Promise<Tensor> => unary("sqrt", x);

/** x². */
export const square = (x: Tensor): Promise<Tensor> => unary("square", x);

export interface ActivationOptions {
  /** Which derivative with respect to x; default 0, the value. */
  order?: 0 | 1 | 2;
  /** Swish's β, u ↦ u S(βu): a number, or a tensor of one entry that may be learned; default 1. */
  beta?: Operand;
  /** "beta": the derivative with respect to swish's β instead (order must be left out or 1). */
  by?: "input" | "beta";
}

/**
 * σ(x), or its derivative, for an activation of the fields (src/field/spec.ts), entry by entry.
 * @throws ArgumentError for an unknown name or order, a β that is no number and has not one entry
 */
export async function activation(
  x: Tensor,
  name: Activation,
  options: ActivationOptions = {},
): Promise<Tensor> {
  oneOf("The activation", name, ACTIVATIONS);
  const derivative = derivativeOf(name, options);
  const { beta = 1 } = options;
  const device = beta instanceof Tensor ? deviceOf(x, beta) : deviceOf(x);
  if (beta instanceof Tensor && beta.size !== 1) {
    throw new ArgumentError(`beta has the shape ${shapeText(beta.shape)}.`, "It must have one entry.");
  }
  const betaTensor = beta instanceof Tensor ? beta : tensor(device, [finite("beta", beta)], []);
  try {
    const constants = { ACTIVATION: ACTIVATIONS.indexOf(name), DERIVATIVE: derivative };
    const kernel = await device.kernel(activationKernel, "main", constants);
    return await produce(name, [x, betaTensor], device, x.shape, (result) => {
      const buffers = { x: x.buffer, beta: betaTensor.buffer, result: result.buffer };
      return [kernel.bind({ params: { count: x.size }, ...buffers }, quadGrid(x.size))];
    });
  } finally {
    if (betaTensor !== beta) betaTensor.dispose();
  }
}

/** DERIVATIVE of shaders/tensor/activation.wgsl. */
function derivativeOf(name: Activation, { order, by = "input" }: ActivationOptions): number {
  oneOf("by", by, ["input", "beta"]);
  if (by === "input") {
    if (order !== undefined && ![0, 1, 2].includes(order)) {
      throw new ArgumentError(`The order of a derivative is ${order}.`, "It must be 0, 1 or 2.");
    }
    return order ?? 0;
  }
  if (name !== "swish" || (order !== undefined && order !== 1)) {
    throw new ArgumentError(
      `There is no derivative of ${name} by beta of order ${order ?? 1}.`,
      "Only swish has beta, and only order 1.",
    );
  }
  return 3;
}
