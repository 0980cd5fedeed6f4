/** Problems on which the fused path is held to the layered one. */
import { expect } from "vitest";
import { initialParams, mlp } from "../../src/field/mlp.js";
import type { MlpOptions } from "../../src/field/spec.js";
import type { Device } from "../../src/gpu/device.js";
import { type SolveOptions, solve } from "../../src/ode/solve.js";
import { numbers } from "./tensors.js";

export function problem(
  options: Partial<MlpOptions>,
  batch: number,
  rest: Partial<SolveOptions>,
): SolveOptions {
  const field = mlp({ dim: 2, hidden: [12, 20], layer: "concatsquash", ...options });
  const params = initialParams(field.spec, 3);
  return {
    field,
    params,
    z0: numbers(batch * field.dim, 5),
    t0: 0,
    t1: 1,
    trace: { kind: "exact" },
    ...rest,
  };
}

/** L = mean of z·w + Δ for fixed w: both parts of the cotangent matter. */
export function cotangent(size: number, batch: number) {
  return { z: numbers(size, 7).map((w) => w / batch), delta: new Float32Array(batch).fill(1 / batch) };
}

export async function both(device: Device, options: SolveOptions) {
  const results = [];
  for (const path of ["layered", "fused"] as const) {
    const result = await solve(device, { ...options, path });
    expect(result.path).toBe(path);
    expect(result.status).toBe("ok");
    const batch = options.z0.length / options.field.dim;
    const gradient = await result.backward(cotangent(options.z0.length, batch));
    result.dispose();
    results.push({ ...result, gradient });
  }
  return results as [(typeof results)[0], (typeof results)[0]];
}

/** Largest difference, relative to the largest entry. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [worst, size] = [0, 1e-30];
  for (let i = 0; i < a.length; i++) {
    worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
    size = Math.max(size, Math.abs(b[i]!));
  }
  return Number.isFinite(worst) ? worst / size : Number.POSITIVE_INFINITY;
}

// Sums in f32 in another order: some 1e-6 at these sizes, tenfold for gradients that cancel.
export const SAME = 2e-5;
