/**
 * Stability of a Runge–Kutta method: on y′ = λ y a step multiplies by R(hλ), a polynomial, and errors die out where
 * |R| ≤ 1 (Hairer & Wanner, Solving ODEs II, IV.2).
 */
import type { Method, reference } from "fjordgpu";

/** |R(x + iy)|, stage by stage from the tableau. */
export function amplification({ stages, a, b }: Method, x: number, y: number): number {
  const re = new Float64Array(stages);
  const im = new Float64Array(stages);
  const sum = (weights: readonly number[]): [number, number] => {
    let [r, i] = [0, 0];
    weights.forEach((w, j) => {
      r += w * re[j]!;
      i += w * im[j]!;
    });
    // 1 + z Σ w_j k_j
    return [1 + x * r - y * i, x * i + y * r];
  };
  for (let s = 0; s < stages; s++) [re[s], im[s]] = sum(a[s]!);
  return Math.hypot(...sum(b));
}

/** Eigenvalues of a real 2 × 2 matrix by rows: real and imaginary parts of both. */
export function eigenvalues(a: number, b: number, c: number, d: number): [number, number, number, number] {
  const half = (a + d) / 2;
  const square = half * half - (a * d - b * c);
  const root = Math.sqrt(Math.abs(square));
  return square >= 0 ? [half + root, 0, half - root, 0] : [half, root, half, -root];
}

/** Eigenvalues of ∂f/∂z at (t, z) in the plane, by central differences. */
export function spectrumAt(
  f: reference.RightHandSide,
  t: number,
  x: number,
  y: number,
): [number, number, number, number] {
  const d = 1e-5;
  const [right, left] = [f(t, Float64Array.of(x + d, y)), f(t, Float64Array.of(x - d, y))];
  const [up, down] = [f(t, Float64Array.of(x, y + d)), f(t, Float64Array.of(x, y - d))];
  const slope = (after: Float64Array, before: Float64Array, i: number) => (after[i]! - before[i]!) / (2 * d);
  return eigenvalues(slope(right, left, 0), slope(up, down, 0), slope(right, left, 1), slope(up, down, 1));
}
