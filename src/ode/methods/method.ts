/** The shape of a Runge–Kutta method as data, and the one continuous extension several methods share. */

export interface Method {
  readonly name: string;
  /** Order of the solution that is propagated. */
  readonly order: number;
  /** Order of the embedded solution b̂ behind the error estimate; absent where only fixed steps are possible. */
  readonly embeddedOrder?: number;
  readonly stages: number;
  /** Nodes: stage i is evaluated at t + c_i h. Length `stages`. */
  readonly c: readonly number[];
  /** Strictly lower triangle: row i has i entries, Z_i = z + h Σ_{j<i} a_ij k_j. */
  readonly a: readonly (readonly number[])[];
  /** z_{n+1} = z_n + h Σ b_i k_i. Length `stages`. */
  readonly b: readonly number[];
  /** Error weights b − b̂: err = h Σ e_i k_i. Length `stages`; present exactly where embeddedOrder is. */
  readonly e?: readonly number[];
  /** The last stage is f(t + h, z_{n+1}), hence the first stage of the next step. */
  readonly fsal: boolean;
  /**
   * The method's own continuous extension z(t + θh) = z_n + h Σ b_i(θ) k_i with
   * b_i(θ) = Σ_j dense[i][j] θ^{j+1}. Absent: cubic Hermite from both ends and their derivatives.
   */
  readonly dense?: readonly (readonly number[])[];
  /** Where the numbers are published. */
  readonly source: string;
}

/**
 * Continuous extension of an FSAL method as cubic Hermite plus d_i θ²(1 − θ)², the form of `contd5` in Hairer,
 * Nørsett & Wanner, Solving ODEs I, II.6. The value and first derivative at both ends are exact whatever d is,
 * so it is C¹ across steps; d is chosen by the publications to raise the order inside the step from 3 to 4.
 * Returns [stages][4], the coefficients of θ, θ², θ³, θ⁴.
 */
export function quarticExtension(b: readonly number[], d: readonly number[]): number[][] {
  return b.map((bi, i) => {
    const di = d[i]!;
    const first = i === 0 ? 1 : 0;
    const last = i === b.length - 1 ? 1 : 0;
    return [first, 3 * bi - 2 * first - last + di, -2 * bi + first + last - 2 * di, di];
  });
}
