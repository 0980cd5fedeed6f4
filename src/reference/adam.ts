/** Adam (arXiv:1412.6980) in float64, with L2 in the gradient or decoupled decay (AdamW, arXiv:1711.05101). */

export interface AdamOptions {
  readonly lr: number;
  readonly beta1?: number;
  readonly beta2?: number;
  /** Added to √v̂, after the bias correction (PyTorch's place for it). */
  readonly eps?: number;
  /** Weight decay λ: g += λ θ ("l2"), or θ −= lr λ θ before the step ("decoupled"). */
  readonly weightDecay?: number;
  readonly decay?: "l2" | "decoupled";
}

export interface AdamState {
  /** Steps taken. */
  readonly step: number;
  readonly theta: Float64Array;
  /** First and second moments: [P] each. */
  readonly m: Float64Array;
  readonly v: Float64Array;
}

export function adamStart(theta: Float64Array): AdamState {
  return { step: 0, theta, m: new Float64Array(theta.length), v: new Float64Array(theta.length) };
}

/** The state after one step along `gradient` [P]; the state given is not changed. */
export function adamStep(state: AdamState, gradient: Float64Array, options: AdamOptions): AdamState {
  const { lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0, decay = "l2" } = options;
  const step = state.step + 1;
  const l2 = decay === "l2" ? weightDecay : 0;
  const shrink = decay === "decoupled" ? 1 - lr * weightDecay : 1;
  const g = gradient.map((v, i) => v + l2 * state.theta[i]!);
  const m = state.m.map((v, i) => beta1 * v + (1 - beta1) * g[i]!);
  const v = state.v.map((u, i) => beta2 * u + (1 - beta2) * g[i]! * g[i]!);
  const theta = state.theta.map((value, i) => {
    const mHat = m[i]! / (1 - beta1 ** step);
    const vHat = v[i]! / (1 - beta2 ** step);
    return shrink * value - (lr * mHat) / (Math.sqrt(vHat) + eps);
  });
  return { step, theta, m, v };
}
