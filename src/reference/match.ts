/**
 * The loss of flow matching and its gradient in float64 (Lipman et al., arXiv:2210.02747, with time from data to
 * base): mean over the rows of |f(t, x_t) − v|², the square summed over the columns, where t = s T,
 * x_t = (1 − s) x_data + s x_base and v = (x_base − x_data)/T. The oracle of the warm start (src/train/match.ts).
 */
import type { MlpSpec } from "../field/spec.js";
import { ArgumentError, finite, integerIn } from "../gpu/errors.js";
import { evaluate, reverse } from "./field.js";

/** Pairs of ends, and where between them the field is looked at. */
export interface Matches {
  /** [B, D] each, in the field's own coordinates. */
  readonly data: Float64Array;
  readonly base: Float64Array;
  /** s in [0, 1] of each group of rows: [⌈B / group⌉]. */
  readonly shares: ArrayLike<number>;
  /** Consecutive rows that share a time. */
  readonly group: number;
}

/**
 * @param theta [P] in the layout of `paramLayout(spec)`
 * @param T end of the flow's interval
 * @returns the loss, and dL/dθ [P]
 * @throws ArgumentError when lengths do not fit, or T is not above 0
 */
export function matchGradient(
  spec: MlpSpec,
  theta: Float64Array,
  T: number,
  { data, base, shares, group }: Matches,
): { loss: number; theta: Float64Array } {
  finite("T", T, 0);
  integerIn("group", group, 1);
  const batch = data.length / spec.dim;
  const groups = Math.ceil(batch / group);
  if (batch === 0 || base.length !== data.length || shares.length !== groups) {
    throw new ArgumentError(
      `${data.length} numbers of data, ${base.length} of the base and ${shares.length} times are given.`,
      `Rows of ${spec.dim} are needed, as many of both, and one time for every ${group} rows.`,
    );
  }
  const gradient = new Float64Array(theta.length);
  let loss = 0;
  for (let g = 0; g < groups; g++) {
    const s = shares[g]!;
    const from = g * group * spec.dim;
    const to = Math.min(data.length, from + group * spec.dim);
    const [x0, x1] = [data.subarray(from, to), base.subarray(from, to)];
    const point = x0.map((x, i) => (1 - s) * x + s * x1[i]!);
    const value = evaluate(spec, theta, s * T, point);
    const miss = value.f.map((f, i) => f - (x1[i]! - x0[i]!) / T);
    for (const m of miss) loss += (m * m) / batch;
    const bars = reverse(
      spec,
      theta,
      value,
      miss.map((m) => (2 * m) / batch),
    );
    for (let i = 0; i < gradient.length; i++) gradient[i]! += bars.theta[i]!;
  }
  return { loss, theta: gradient };
}
