/** The activations with their first and second derivatives, in float64 (formulas: FFJORD and its swish). */
import type { Activation } from "../field/spec.js";

/** Writes σ(u), σ'(u), σ''(u) into `out`. `beta` matters to swish only. */
export type Derivatives = (u: number, beta: number, out: Float64Array) => void;

/** Neither branch of e^{±u} can overflow. */
export function sigmoid(u: number): number {
  if (u >= 0) return 1 / (1 + Math.exp(-u));
  const e = Math.exp(u);
  return e / (1 + e);
}

function set(out: Float64Array, value: number, first: number, second: number) {
  out[0] = value;
  out[1] = first;
  out[2] = second;
}

export const ACTIVATION: Record<Activation, Derivatives> = {
  tanh: (u, _, out) => {
    const y = Math.tanh(u);
    set(out, y, 1 - y * y, -2 * y * (1 - y * y));
  },
  sigmoid: (u, _, out) => {
    const y = sigmoid(u);
    set(out, y, y * (1 - y), y * (1 - y) * (1 - 2 * y));
  },
  softplus: (u, _, out) => {
    const s = sigmoid(u);
    set(out, Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u))), s, s * (1 - s));
  },
  elu: (u, _, out) => {
    if (u > 0) set(out, u, 1, 0);
    else set(out, Math.expm1(u), Math.exp(u), Math.exp(u));
  },
  // Derivative 0 at 0, as PyTorch's.
  relu: (u, _, out) => set(out, Math.max(u, 0), u > 0 ? 1 : 0, 0),
  swish: (u, beta, out) => {
    const s = sigmoid(beta * u);
    const q = s * (1 - s);
    set(out, u * s, s + beta * u * q, beta * q * (2 + beta * u * (1 - 2 * s)));
  },
  sin: (u, _, out) => set(out, Math.sin(u), Math.cos(u), -Math.sin(u)),
  square: (u, _, out) => set(out, u * u, 2 * u, 2),
  identity: (u, _, out) => set(out, u, 1, 0),
};

/** For swish: ∂σ/∂β and ∂σ'/∂β at u, what the value's and a tangent's cotangent are multiplied with. */
export function swishBeta(u: number, beta: number): { value: number; first: number } {
  const s = sigmoid(beta * u);
  const q = s * (1 - s);
  return { value: u * u * q, first: u * q * (2 + beta * u * (1 - 2 * s)) };
}
