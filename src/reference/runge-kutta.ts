/** One explicit Runge–Kutta step of any y' = f(t, y) in float64, and the value inside it. */
import type { Method } from "../ode/methods.js";

/** y' = f(t, y); returns a new array of y's length. */
export type RightHandSide = (t: number, y: Float64Array) => Float64Array;

/** y + h Σ w_i k_i. */
export function combine(
  y: Float64Array,
  h: number,
  weights: readonly number[],
  k: readonly Float64Array[],
): Float64Array {
  const out = y.slice();
  weights.forEach((w, i) => {
    const ki = k[i]!;
    if (w !== 0) for (let j = 0; j < out.length; j++) out[j]! += h * w * ki[j]!;
  });
  return out;
}

export interface Step {
  readonly y1: Float64Array;
  /** k_i: one array a stage. */
  readonly k: readonly Float64Array[];
  /** h Σ e_i k_i, where the method has an embedded solution. */
  readonly error?: Float64Array;
}

/** One step from (t, y); `k0` is f(t, y). Costs `stages − 1` evaluations. */
export function step(
  f: RightHandSide,
  method: Method,
  t: number,
  h: number,
  y: Float64Array,
  k0: Float64Array,
): Step {
  const k = [k0];
  for (let i = 1; i < method.stages; i++) k.push(f(t + method.c[i]! * h, combine(y, h, method.a[i]!, k)));
  const y1 = combine(y, h, method.b, k);
  return { y1, k, error: method.e && combine(new Float64Array(y.length), h, method.e, k) };
}

/**
 * y(t + θ h) for θ in [0, 1]: by the method's own continuous extension, else by cubic Hermite.
 *
 * @param f1 f at the end of the step, for Hermite
 */
export function interpolate(
  method: Method,
  y: Float64Array,
  h: number,
  result: Step,
  f1: Float64Array,
  theta: number,
): Float64Array {
  if (method.dense) {
    const weights = method.dense.map((row) => row.reduceRight((sum, c) => (sum + c) * theta, 0));
    return combine(y, h, weights, result.k);
  }
  const rest = 1 - theta;
  const f0 = result.k[0]!;
  return y.map(
    (y0, j) =>
      rest * rest * (1 + 2 * theta) * y0 +
      theta * theta * (3 - 2 * theta) * result.y1[j]! +
      h * theta * rest * (rest * f0[j]! - theta * f1[j]!),
  );
}
