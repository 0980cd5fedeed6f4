/**
 * What a multilayer perceptron field is, as plain data: sizes, layer type, activation, and where each
 * parameter lives in the flat vector θ. Shared by the float64 reference and the GPU engine, so that both
 * agree on the layout by construction.
 */
import { ArgumentError, integerIn, oneOf } from "../gpu/errors.js";

/** How a layer sees time (FFJORD, arXiv:1810.01367, `diffeq_layers/basic.py`). */
export const LAYER_TYPES = [
  "ignore",
  "concat",
  "concat_v2",
  "squash",
  "concatsquash",
  "concat_first",
] as const;
export type LayerType = (typeof LAYER_TYPES)[number];

export const ACTIVATIONS = [
  "tanh",
  "sigmoid",
  "softplus",
  "elu",
  "relu",
  "swish",
  "sin",
  "square",
  "identity",
] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export interface MlpSpec {
  /** D: dimension of the state. */
  readonly dim: number;
  /** Widths of the hidden layers, e.g. [64, 64, 64]; the activation follows each of them, none the last layer. */
  readonly hidden: readonly number[];
  readonly layer: LayerType;
  readonly activation: Activation;
  /** FFJORD's residual: the field is net(t, z) − z, so its divergence loses D. */
  readonly residual: boolean;
}

/** One tensor of θ. Names follow FFJORD's: W, b, Wg and bg (gate), Wb (time bias). */
export interface ParamTensor {
  /** e.g. "layers.0.W", "swish_beta". */
  readonly name: string;
  /** Row-major. W is [out, in], or [out, 1 + in] with time as column 0 for concat layers. */
  readonly shape: readonly number[];
  /** Position of the first entry in θ. */
  readonly offset: number;
  readonly size: number;
}

/** What one affine layer does with time, whatever the layer type of the whole net. */
export interface AffineLayer {
  readonly index: number;
  readonly inSize: number;
  readonly outSize: number;
  /** s = σ(g t + k) multiplies W x + b. */
  readonly gated: boolean;
  /** Where w_t of c = b + w_t t lives: nowhere, as column 0 of W, or as a tensor of its own. */
  readonly timeBias: "none" | "column" | "vector";
}

/** `[D, ...hidden, D]`. */
export function layerSizes(spec: MlpSpec): number[] {
  return [spec.dim, ...spec.hidden, spec.dim];
}

export function affineLayers(spec: MlpSpec): AffineLayer[] {
  const sizes = layerSizes(spec);
  return sizes.slice(1).map((outSize, index) => {
    const type = spec.layer === "concat_first" ? (index === 0 ? "concat" : "ignore") : spec.layer;
    return {
      index,
      inSize: sizes[index]!,
      outSize,
      gated: type === "squash" || type === "concatsquash",
      timeBias:
        type === "concat" ? "column" : type === "concat_v2" || type === "concatsquash" ? "vector" : "none",
    };
  });
}

/** The tensors of θ in order: layer by layer W, b, Wg, bg, Wb (those that exist), then swish_beta. */
export function paramLayout(spec: MlpSpec): ParamTensor[] {
  const tensors: ParamTensor[] = [];
  let offset = 0;
  const add = (name: string, shape: number[]) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    tensors.push({ name, shape, offset, size });
    offset += size;
  };
  for (const layer of affineLayers(spec)) {
    const at = `layers.${layer.index}`;
    add(`${at}.W`, [layer.outSize, layer.inSize + (layer.timeBias === "column" ? 1 : 0)]);
    add(`${at}.b`, [layer.outSize]);
    if (layer.gated) {
      add(`${at}.Wg`, [layer.outSize]);
      add(`${at}.bg`, [layer.outSize]);
    }
    if (layer.timeBias === "vector") add(`${at}.Wb`, [layer.outSize]);
  }
  if (spec.activation === "swish") add("swish_beta", [1]);
  return tensors;
}

export function paramCount(spec: MlpSpec): number {
  return paramLayout(spec).reduce((sum, tensor) => sum + tensor.size, 0);
}

/** Options of {@link mlp}; see {@link MlpSpec}. */
export interface MlpOptions {
  dim: number;
  hidden?: readonly number[];
  layer?: LayerType;
  activation?: Activation;
  residual?: boolean;
}

/** Checks options and fills FFJORD's defaults (64-64-64, concatsquash, tanh). Throws ArgumentError. */
export function mlpSpec(options: MlpOptions): MlpSpec {
  const hidden = options.hidden ?? [64, 64, 64];
  if (!Array.isArray(hidden))
    throw new ArgumentError(`hidden is ${hidden}.`, "Give a list of widths, e.g. [64, 64].");
  hidden.forEach((width, i) => {
    integerIn(`hidden[${i}]`, width, 1, 16384);
  });
  return {
    dim: integerIn("dim", options.dim, 1, 4096),
    hidden: [...hidden],
    layer: oneOf("layer", options.layer ?? "concatsquash", LAYER_TYPES),
    activation: oneOf("activation", options.activation ?? "tanh", ACTIVATIONS),
    residual: options.residual ?? false,
  };
}
