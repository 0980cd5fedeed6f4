/** The numbers of a workload: weights, points and probes, the same for every engine and in every run. */
import { data, initialParams, type MlpField, mlp } from "../index.js";
import type { FlowShape } from "./workloads.js";

export interface Problem {
  readonly shape: FlowShape;
  readonly field: MlpField;
  /** θ [P], as the engine starts it. */
  readonly params: Float32Array;
  /** [rows, D]: two moons, standardised, for D = 2; else standard normal. */
  readonly points: Float32Array<ArrayBuffer>;
  /** ±1 [rows, D]. */
  readonly probes: Float32Array<ArrayBuffer>;
}

export function problemOf(shape: FlowShape, rows: number): Problem {
  const field = mlp({ dim: shape.dim, hidden: shape.hidden, layer: shape.layer, activation: "tanh" });
  const next = uniforms(1);
  const size = rows * shape.dim;
  const points = shape.dim === 2 ? moons(rows) : Float32Array.from({ length: size }, () => normal(next));
  const probes = Float32Array.from({ length: size }, () => (next() < 0.5 ? -1 : 1));
  return { shape, field, params: initialParams(field.spec, 7), points, probes };
}

function moons(rows: number): Float32Array<ArrayBuffer> {
  // At least two rows, because one has no spread to standardise by.
  const { points } = data.moons({ rows: Math.max(2, rows), heldOut: 0, seed: 3 });
  return data
    .standardise(points, data.standardisation(points, 2))
    .slice(0, 2 * rows) as Float32Array<ArrayBuffer>;
}

/** [side², 2] over [−4, 4]², row by row from the lowest y. */
export function gridOf(side: number): Float32Array<ArrayBuffer> {
  const at = (i: number) => -4 + (8 * (i + 0.5)) / side;
  return Float32Array.from({ length: 2 * side * side }, (_, i) => {
    const cell = i >> 1;
    return i % 2 === 0 ? at(cell % side) : at(Math.floor(cell / side));
  });
}

/** Lehmer's generator with multiplier 48271 (Park, Miller, Stockmeyer, CACM 36:7, 1993): numbers in (0, 1). */
export function uniforms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Box and Muller. */
export function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}
