/** The MLP field as users make it: plain data that can be saved, sent to a worker and compared. */
import { PURPOSE, randomUniform } from "../tensor/random.js";
import {
  affineLayers,
  type MlpOptions,
  type MlpSpec,
  mlpSpec,
  type ParamTensor,
  paramCount,
  paramLayout,
} from "./spec.js";

export interface MlpField {
  readonly kind: "mlp";
  readonly dim: number;
  readonly spec: MlpSpec;
  /** P: length of θ. */
  readonly paramCount: number;
  /** The tensors of θ in order. */
  readonly layout: readonly ParamTensor[];
}

/**
 * A multilayer perceptron f(t, z; θ) with one of FFJORD's layer types.
 * @param options dim (D), hidden widths (default [64, 64, 64]), layer (default "concatsquash"), activation
 *   (default "tanh"), residual (default false)
 * @throws ArgumentError naming the value
 */
export function mlp(options: MlpOptions): MlpField {
  const spec = mlpSpec(options);
  return { kind: "mlp", dim: spec.dim, spec, paramCount: paramCount(spec), layout: paramLayout(spec) };
}

/**
 * θ as PyTorch's Linear starts it: every weight and bias uniform in ±1/√fan_in, where the fan-in of a gate or a
 * time bias is 1 (its input is t) and that of a concat layer counts the time column. swish's β starts at 1.
 * Returns Float32Array [P].
 */
export function initialParams(spec: MlpSpec, seed: number): Float32Array {
  const layout = paramLayout(spec);
  const values = randomUniform(paramCount(spec), { seed, purpose: PURPOSE.init, step: 0 });
  const layers = affineLayers(spec);
  for (const tensor of layout) {
    const part = values.subarray(tensor.offset, tensor.offset + tensor.size);
    const [, index, name] = /^layers\.(\d+)\.(\w+)$/.exec(tensor.name) ?? [];
    if (index === undefined) {
      part.fill(1);
      continue;
    }
    const { inSize, timeBias } = layers[Number(index)]!;
    const fanIn = name === "W" || name === "b" ? inSize + (timeBias === "column" ? 1 : 0) : 1;
    const bound = 1 / Math.sqrt(fanIn);
    for (let i = 0; i < part.length; i++) part[i] = (2 * part[i]! - 1) * bound;
  }
  return values;
}
