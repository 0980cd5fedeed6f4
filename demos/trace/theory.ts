/**
 * What theory says of the estimator εᵀ J ε: its variance, from the entries of the Jacobian alone. Only the symmetric
 * part J_s = (J + Jᵀ)/2 counts, since εᵀ J ε = εᵀ J_s ε.
 */
import type { ProbeDistribution } from "fjordgpu";

export interface JacobianFacts {
  /** D */
  readonly dim: number;
  /** tr J */
  readonly trace: number;
  /** ‖J_s‖²_F */
  readonly symmetric: number;
  /** Σ J_ii² */
  readonly diagonal: number;
}

/** @param jacobian [D, D]; rows and columns may be exchanged */
export function jacobianFacts(jacobian: ArrayLike<number>, dim: number): JacobianFacts {
  let trace = 0;
  let symmetric = 0;
  let diagonal = 0;
  for (let i = 0; i < dim; i++) {
    trace += jacobian[i * dim + i]!;
    diagonal += jacobian[i * dim + i]! ** 2;
    for (let j = 0; j < dim; j++) {
      symmetric += ((jacobian[i * dim + j]! + jacobian[j * dim + i]!) / 2) ** 2;
    }
  }
  return { dim, trace, symmetric, diagonal };
}

/**
 * Variance of the mean over n probes.
 *
 * Rademacher 2 (‖J_s‖² − Σ J_ii²) / n and Gaussian 2 ‖J_s‖² / n: H. Avron and S. Toledo, "Randomized algorithms for
 * estimating the trace of an implicit symmetric positive semi-definite matrix", J. ACM 58 (2011), whose derivation of
 * these two needs no definiteness.
 *
 * Orthogonal probes ε_k = √D q_k give (D/n) tr(J_s P) with P a random projection of rank n. What tr(J_s P) has besides
 * its mean is linear in the part A = J_s − (tr J / D) I, and its variance, the same in every basis, is c ‖A‖² for some
 * c. At n = 1 the moments of a random unit vector q give Var(qᵀ A q) = 2 ‖A‖² / (D (D + 2)); for n, the covariance
 * −1/(D − 1) of that between two directions of one basis (their sum over all D directions does not vary) adds up to
 * n (D − n)/(D − 1) times as much.
 * @param probes n of at least 1; at most D where orthogonal
 */
export function variance(distribution: ProbeDistribution, facts: JacobianFacts, probes = 1): number {
  const { dim, trace, symmetric, diagonal } = facts;
  if (distribution === "gaussian") return (2 * symmetric) / probes;
  if (distribution === "rademacher") return (2 * Math.max(0, symmetric - diagonal)) / probes;
  if (dim === probes) return 0;
  const rest = Math.max(0, symmetric - trace ** 2 / dim);
  return ((2 * dim) / (dim + 2)) * rest * ((dim - probes) / (probes * (dim - 1)));
}

/** Least-squares slope of log y over log x; undefined with fewer than two values above 0. */
export function logSlope(xs: readonly number[], ys: readonly number[]): number | undefined {
  const points = xs.flatMap((x, i) => (ys[i]! > 0 ? [[Math.log(x), Math.log(ys[i]!)] as const] : []));
  if (points.length < 2) return undefined;
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [mx, my] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return covariance / points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}
