/** The loss of the oracle cases: the mean negative log-likelihood of data at t0 under N(0, I) at t1, in nats. */

/** mean_n(½ |z_n|² + D/2 log 2π + Δ_n) of z [N, D] and Δ [N], summed in float64. */
export function flowLoss(z: Float32Array, delta: Float32Array, dim: number): number {
  const squares = z.reduce((sum, v) => sum + v * v, 0);
  const deltas = delta.reduce((sum, v) => sum + v, 0);
  return (squares / 2 + deltas) / delta.length + (dim / 2) * Math.log(2 * Math.PI);
}

/** dL/dz = z / N [N, D] and dL/dΔ = 1 / N [N]. */
export function lossCotangent(z: Float32Array, dim: number): { z: Float32Array; delta: Float32Array } {
  const batch = z.length / dim;
  return { z: z.map((v) => v / batch), delta: new Float32Array(batch).fill(1 / batch) };
}
