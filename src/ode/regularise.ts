/**
 * RNODE's regularisers (Finlay et al. 2020, arXiv:2002.02798): what makes the paths of a flow straight and its field
 * smooth, so that a solver needs fewer steps. Two integrals along every path from t0 to t1 join the loss,
 *   L + λ_K mean ∫ |f|² dt + λ_J mean ∫ w Σ_k |J ε_k|² dt     (means over the batch, sums over the columns)
 * with the probes ε_k of the trace and their weight w, hence ‖J‖²_F itself where the trace is exact and an unbiased
 * estimate of it where not. (The paper has |εᵀJ|²: the same mean, other sample values. Its code takes means over the
 * columns, and half of the first: λ_K and λ_J here are 0.5/D and 1/D of those there.)
 *
 * Their gradient is discrete, like that of the loss: the integrals are quadratures by the stages of the solve, and all
 * they change is the seeds of a stage's reverse sweep, by 2 λ_K h b f / B and 2 λ_J w h b J ε_k / B.
 */
import { ArgumentError, finite } from "../gpu/errors.js";

export interface RegulariseOptions {
  /** λ_K of the kinetic energy ∫ |f|² dt. Default 0. */
  kinetic?: number;
  /** λ_J of the Jacobian's size ∫ ‖∂f/∂z‖² dt. Default 0. */
  jacobian?: number;
}

export interface Regularisers {
  readonly kinetic: number;
  readonly jacobian: number;
}

/**
 * Undefined where there is nothing to add.
 * @param context what the regularisers need: the discrete gradient, and for the Jacobian the probes of a trace
 * @throws ArgumentError naming the value and the remedy
 */
export function checkRegularise(
  options: RegulariseOptions | undefined,
  { discrete, traced }: { discrete: boolean; traced: boolean },
): Regularisers | undefined {
  const { kinetic = 0, jacobian = 0 } = options ?? {};
  const size = (name: string, value: number) => {
    if (finite(`regularise.${name}`, value) < 0 || !Number.isFinite(Math.fround(value)))
      throw new ArgumentError(`regularise.${name} is ${value}.`, "It must be at least 0 and within f32.");
    return value;
  };
  const checked = { kinetic: size("kinetic", kinetic), jacobian: size("jacobian", jacobian) };
  if (kinetic === 0 && jacobian === 0) return undefined;
  if (!discrete)
    throw new ArgumentError("Regularisers have a discrete gradient only.", 'Give gradient: "discrete".');
  if (jacobian > 0 && !traced)
    throw new ArgumentError("regularise.jacobian needs the probes of a trace.", "Give trace as well.");
  return checked;
}

/** Factors of |f|² and of |J ε_k|² in the loss, per sample; zeros without regularisers. */
export function regulariserShares(
  regularise: Regularisers | undefined,
  batch: number,
  traceWeight: number,
): { kinetic: number; jacobian: number } {
  const { kinetic = 0, jacobian = 0 } = regularise ?? {};
  return { kinetic: kinetic / batch, jacobian: (jacobian * traceWeight) / batch };
}
