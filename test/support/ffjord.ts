/**
 * State dicts with the names and shapes of FFJORD's own code (github.com/rtqichen/ffjord, lib/layers), and the density
 * that code gives them: an oracle in plain float64 that shares nothing with src/.
 */
import { writeSafetensors } from "../../src/io/safetensors.js";
import { numbers } from "./tensors.js";

export interface Checkpoint {
  readonly layer: "ignore" | "concat" | "concat_v2" | "squash" | "concatsquash";
  readonly nonlinearity: "tanh" | "softplus" | "elu" | "swish";
  readonly residual: boolean;
  /** Trained with regularisers, which wrap the function once more. */
  readonly wrapped: boolean;
}

export type StateDict = Map<string, { shape: number[]; data: Float32Array }>;

const SIZES = [2, 5, 4, 2];
const BETA = 1.3;

/** Random weights; T = 0.9² as near as float32 has it. */
export function stateDict({ layer, nonlinearity, wrapped }: Checkpoint): StateDict {
  const dict: StateDict = new Map();
  const root = wrapped ? "chain.0.odefunc.odefunc." : "chain.0.odefunc.";
  const scalar = (name: string, value: number) =>
    dict.set(name, { shape: [], data: new Float32Array([value]) });
  const random = (name: string, shape: number[]) =>
    dict.set(name, {
      shape,
      data: numbers(
        shape.reduce((a, b) => a * b, 1),
        100 + dict.size,
      ),
    });
  scalar("chain.0.sqrt_end_time", 0.9);
  scalar(`${root}_num_evals`, 26);
  SIZES.slice(1).forEach((out, i) => {
    const at = `${root}diffeq.layers.${i}.`;
    const size = SIZES[i]!;
    random(`${at}_layer.weight`, [out, layer === "concat" ? size + 1 : size]);
    random(`${at}_layer.bias`, [out]);
    if (layer === "concatsquash" || layer === "concat_v2") random(`${at}_hyper_bias.weight`, [out, 1]);
    const gate = { squash: "_hyper", concatsquash: "_hyper_gate" }[layer as string];
    if (gate) {
      random(`${at}${gate}.weight`, [out, 1]);
      random(`${at}${gate}.bias`, [out]);
    }
    if (nonlinearity === "swish" && i < SIZES.length - 2)
      scalar(`${root}diffeq.activation_fns.${i}.beta`, BETA);
  });
  return dict;
}

/** What `save_file` makes of it, with the options of the script as metadata. */
export function checkpointFile(checkpoint: Checkpoint, dict = stateDict(checkpoint)): Uint8Array {
  const { layer, nonlinearity, residual } = checkpoint;
  return writeSafetensors(dict, {
    layer_type: layer,
    nonlinearity,
    residual: residual ? "True" : "False",
    train_T: "True",
  });
}

/** log p of points [n, 2] after FFJORD: dx/dt = f from 0 to T, d(Δ log p)/dt = −tr ∂f/∂x, log p = log p(z) − Δ log p. */
export function logProbOf(checkpoint: Checkpoint, points: ArrayLike<number>): number[] {
  const dict = stateDict(checkpoint);
  const T = dict.get("chain.0.sqrt_end_time")!.data[0]! ** 2;
  const steps = 200;
  const h = T / steps;
  return Array.from({ length: points.length / 2 }, (_, row) => {
    let state = [points[2 * row]!, points[2 * row + 1]!, 0];
    const slope = (t: number, s: readonly number[]) => {
      const { f, divergence } = fieldOf(checkpoint, dict, t, s.slice(0, 2));
      return [...f, -divergence];
    };
    const along = (s: readonly number[], k: readonly number[], by: number) => s.map((x, i) => x + by * k[i]!);
    for (let i = 0; i < steps; i++) {
      const t = i * h;
      const k1 = slope(t, state);
      const k2 = slope(t + h / 2, along(state, k1, h / 2));
      const k3 = slope(t + h / 2, along(state, k2, h / 2));
      const k4 = slope(t + h, along(state, k3, h));
      state = state.map((x, j) => x + (h / 6) * (k1[j]! + 2 * k2[j]! + 2 * k3[j]! + k4[j]!));
    }
    const [z0, z1, delta] = state as [number, number, number];
    return -Math.log(2 * Math.PI) - (z0 * z0 + z1 * z1) / 2 - delta;
  });
}

const sigmoid = (u: number) => 1 / (1 + Math.exp(-u));

const ACTIVATIONS: Record<Checkpoint["nonlinearity"], (u: number) => [value: number, slope: number]> = {
  tanh: (u) => [Math.tanh(u), 1 / Math.cosh(u) ** 2],
  softplus: (u) => [Math.log(1 + Math.exp(u)), sigmoid(u)],
  elu: (u) => (u > 0 ? [u, 1] : [Math.exp(u) - 1, Math.exp(u)]),
  swish: (u) => {
    const s = sigmoid(Math.fround(BETA) * u);
    return [u * s, s + Math.fround(BETA) * u * s * (1 - s)];
  },
};

/** f(t, x) and its divergence, with ∂/∂x₀ and ∂/∂x₁ carried along. */
function fieldOf(checkpoint: Checkpoint, dict: StateDict, t: number, x: readonly number[]) {
  const { layer, nonlinearity, residual, wrapped } = checkpoint;
  const root = wrapped ? "chain.0.odefunc.odefunc." : "chain.0.odefunc.";
  let value = [...x];
  let slopes = [
    [1, 0],
    [0, 1],
  ];
  for (let i = 0; i < SIZES.length - 1; i++) {
    const of = (name: string) => dict.get(`${root}diffeq.layers.${i}.${name}`)!.data;
    const weight = of("_layer.weight");
    const out = SIZES[i + 1]!;
    const columns = weight.length / out;
    const times = (row: number, v: readonly number[]) =>
      v.reduce((sum, entry, j) => sum + weight[row * columns + j]! * entry, 0);
    const rows = Array.from({ length: out }, (_, row) => row);
    const gate = rows.map((row) => {
      if (layer === "squash") return sigmoid(of("_hyper.weight")[row]! * t + of("_hyper.bias")[row]!);
      if (layer === "concatsquash")
        return sigmoid(of("_hyper_gate.weight")[row]! * t + of("_hyper_gate.bias")[row]!);
      return 1;
    });
    const shift = rows.map((row) =>
      layer === "concatsquash" || layer === "concat_v2" ? of("_hyper_bias.weight")[row]! * t : 0,
    );
    // Time is the first of the inputs that concat joins, and has no slope.
    const joined = layer === "concat";
    const input = joined ? [t, ...value] : value;
    const sloped = slopes.map((slope) => (joined ? [0, ...slope] : slope));
    value = rows.map((row) => (times(row, input) + of("_layer.bias")[row]!) * gate[row]! + shift[row]!);
    slopes = sloped.map((slope) => rows.map((row) => times(row, slope) * gate[row]!));
    if (i === SIZES.length - 2) break;
    const bent = value.map(ACTIVATIONS[nonlinearity]);
    value = bent.map(([y]) => y);
    slopes = slopes.map((slope) => slope.map((dy, row) => dy * bent[row]![1]));
  }
  const divergence = slopes[0]![0]! + slopes[1]![1]!;
  return residual
    ? { f: value.map((y, d) => y - x[d]!), divergence: divergence - 2 }
    : { f: value, divergence };
}
