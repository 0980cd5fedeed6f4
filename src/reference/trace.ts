/**
 * tr(∂f/∂z) from tangents: exact with the D unit vectors, or Hutchinson's estimate with given probes. Both are
 * weight · Σ_k ε_kᵀ J ε_k; only the directions and the weight differ.
 */
import { ArgumentError } from "../gpu/errors.js";
import type { FieldValue } from "./field.js";

export interface Trace {
  /** ε_k: K of [B, D]. */
  readonly tangents: readonly Float64Array[];
  readonly weight: number;
}

/** D unit tangents for each of `batch` rows. */
export function exactTrace(batch: number, dim: number): Trace {
  const tangents = Array.from({ length: dim }, (_, i) => {
    const unit = new Float64Array(batch * dim);
    for (let n = 0; n < batch; n++) unit[n * dim + i] = 1;
    return unit;
  });
  return { tangents, weight: 1 };
}

/**
 * Hutchinson's estimator averaged over the probes given (Hutchinson 1990; E[ε εᵀ] = I makes it unbiased).
 *
 * @param probes n of [B, D], drawn once for a whole solve
 * @throws ArgumentError when there is none
 */
export function hutchinsonTrace(probes: readonly Float64Array[]): Trace {
  if (probes.length === 0) throw new ArgumentError("0 probes are given.", "Give at least one.");
  return { tangents: probes, weight: 1 / probes.length };
}

/** The trace of each row, [B]; `value` is the field evaluated with `trace.tangents` as its first tangents. */
export function divergence(value: FieldValue, trace: Trace): Float64Array {
  const dim = value.f.length / value.batch;
  const out = new Float64Array(value.batch);
  trace.tangents.forEach((probe, k) => {
    const jv = value.df[k]!;
    for (let j = 0; j < jv.length; j++) out[Math.floor(j / dim)]! += trace.weight * probe[j]! * jv[j]!;
  });
  return out;
}

/** ḟ̄_k of the scalar Σ_n traceBar_n tr_n: K of [B, D]. */
export function traceSeeds(trace: Trace, traceBar: Float64Array): Float64Array[] {
  return trace.tangents.map((probe) => {
    const dim = probe.length / traceBar.length;
    return probe.map((v, j) => trace.weight * traceBar[Math.floor(j / dim)]! * v);
  });
}
