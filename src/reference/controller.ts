/** Step size control from the error ratio E: what it is, the next step's factor, and the first step. */
import type { Method } from "../ode/methods.js";
import type { RightHandSide } from "./runge-kutta.js";

/**
 * Exponents (β1, β2, β3) on E_n, E_{n−1}, E_{n−2}, each divided by q: Söderlind, "Digital filters in adaptive
 * time-stepping", ACM TOMS 29 (2003). PI is Gustafsson's PI.3.4 (k_I = 0.3, k_P = 0.4); PID is H312PID.
 */
export const CONTROLLERS = {
  I: [1, 0, 0],
  PI: [0.7, -0.4, 0],
  PID: [1 / 18, 1 / 9, 1 / 18],
} as const;
export type ControllerName = keyof typeof CONTROLLERS;

export const SAFETY = 0.9;
export const MIN_FACTOR = 0.2;
export const MAX_FACTOR = 10;
/** Where E is floored before it is raised to a power: an exact step would divide by 0. */
export const MIN_RATIO = 1e-10;

/** Parts [start, end) of the state that each have an RMS norm of their own; the rest does not count. */
export type Segments = readonly (readonly [number, number])[];

/** Largest RMS over the segments of v_j / scale_j. NaN if any entry is. */
export function norm(v: Float64Array, scale: Float64Array, segments: Segments): number {
  let largest = 0;
  for (const [start, end] of segments) {
    let sum = 0;
    for (let j = start; j < end; j++) sum += (v[j]! / scale[j]!) ** 2;
    const rms = end > start ? Math.sqrt(sum / (end - start)) : 0;
    // Written so that NaN wins: Math.max does that, `>` would not.
    largest = Math.max(largest, rms);
  }
  return largest;
}

/**
 * Factor for the step after one whose ratio was E_n.
 *
 * @param q order of the embedded solution + 1
 * @param ratios E_n, then those of the accepted steps before it, latest first
 */
export function stepFactor(controller: ControllerName, q: number, ratios: readonly number[]): number {
  // After a rejection the history belongs to a longer step: the I rule alone, which cannot enlarge E > 1.
  const beta = ratios[0]! > 1 ? CONTROLLERS.I : CONTROLLERS[controller];
  let factor = SAFETY;
  beta.forEach((b, i) => {
    factor *= Math.max(ratios[i] ?? 1, MIN_RATIO) ** (-b / q);
  });
  return Math.min(MAX_FACTOR, Math.max(MIN_FACTOR, factor));
}

/**
 * Length of the first step by Hairer, Nørsett & Wanner, Solving ODEs I, II.4, with the embedded order as p.
 * One more evaluation of f. Positive; `direction` is +1 or −1.
 */
export function firstStep(
  f: RightHandSide,
  method: Method,
  t0: number,
  direction: number,
  y0: Float64Array,
  f0: Float64Array,
  tolerance: { rtol: number; atol: number },
  segments: Segments,
): number {
  const scale = y0.map((v) => tolerance.atol + tolerance.rtol * Math.abs(v));
  const d0 = norm(y0, scale, segments);
  const d1 = norm(f0, scale, segments);
  const h0 = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : (0.01 * d0) / d1;
  const y1 = y0.map((v, j) => v + direction * h0 * f0[j]!);
  const f1 = f(t0 + direction * h0, y1);
  const d2 =
    norm(
      f1.map((v, j) => v - f0[j]!),
      scale,
      segments,
    ) / h0;
  const steepest = Math.max(d1, d2);
  const h1 =
    steepest <= 1e-15 ? Math.max(1e-6, h0 * 1e-3) : (0.01 / steepest) ** (1 / (method.embeddedOrder! + 1));
  return Math.min(100 * h0, h1);
}
