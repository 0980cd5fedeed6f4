/**
 * What judging an oracle case yields, the bounds, and the measures of error. Nothing in this folder knows a test
 * runner or Node: the tests and the conformance command share it.
 */
import { type MlpSpec, paramLayout } from "../../../src/field/spec.js";
import type { Device } from "../../../src/gpu/device.js";
import type { Path } from "../../../src/ode/execution.js";
import { type OracleTensor, values } from "../../support/cases.js";
import { relativeError, relativeL2 } from "../../support/compare.js";

export interface Judgement {
  /** What was compared, e.g. "z": the same for all solvers of a case. */
  readonly quantity: string;
  /** Where within the case, e.g. "rk4_16" or "layers.0.W"; empty where there is one place only. */
  readonly where: string;
  readonly error: number;
  readonly bound: number;
  /** Only what is judged can fail; the rest is printed. */
  readonly judged: boolean;
  readonly pass: boolean;
}

export interface Verdict {
  readonly judgements: readonly Judgement[];
  /** What is shown but has no bound, e.g. evaluations of the field beside those of the reference. */
  readonly notes: readonly string[];
  /** Steps taken by adaptive solves beside those of the reference: shown when asked for. */
  readonly steps: readonly string[];
}

/** How a case is judged. */
export interface How {
  /** The case's number: picks what the suite judges where it judges one of several alike (paths.ts). */
  readonly turn?: number;
  /** How solves of MLP fields are carried out; unless given in every way that takes them. */
  readonly path?: Path | "auto";
}

export type Judge<Case> = (device: Device, oracle: Case, how?: How) => Promise<Verdict>;

/** Float32 against float64 on problems of order 1. */
export const BOUNDS = {
  /** One evaluation of a field; z and Δ after fixed steps; a loss: relative to the largest entry. */
  value: 3e-5,
  /** `ivp` after fixed steps: up to 256 of them, and a chaotic system among them. */
  ivp: 1e-4,
  /** θ after Adam steps. */
  adam: 1e-5,
  /** Gradients, relative L2 of each tensor, against the same discretisation. */
  gradient: 2e-4,
  /** The continuous gradient against the converged one. */
  converged: 2e-3,
} as const;

/** Adaptive solves: error per tolerance, and the float32 part of it. */
export const adaptiveBound = (rtol: number, ownError: number): number =>
  Math.max(20 * rtol, 2 * ownError) + 1e-5;

/** Collects judgements and notes. */
export class Findings implements Verdict {
  readonly judgements: Judgement[] = [];
  readonly notes: string[] = [];
  readonly steps: string[] = [];

  add(quantity: string, where: string, error: number, bound: number): void {
    // Written so that NaN fails.
    this.judgements.push({ quantity, where, error, bound, judged: true, pass: error <= bound });
  }

  show(quantity: string, where: string, error: number, bound: number): void {
    this.judgements.push({ quantity, where, error, bound, judged: false, pass: true });
  }

  /** The largest entry's relative error. */
  compare(quantity: string, where: string, actual: ArrayLike<number>, expected: OracleTensor, bound: number) {
    this.add(quantity, where, entryError(actual, expected.data), bound);
  }

  /** Relative L2 of a gradient. */
  gradient(
    quantity: string,
    where: string,
    actual: ArrayLike<number>,
    expected: OracleTensor | number,
    bound: number = BOUNDS.gradient,
  ) {
    const truth = typeof expected === "number" ? [expected] : values(expected);
    this.add(quantity, where, l2Error(actual, truth), bound);
  }

  /** Relative L2 of each tensor of θ's gradient, one judgement a tensor. */
  params(
    quantity: string,
    where: string,
    spec: MlpSpec,
    actual: Float32Array,
    expected: Float64Array,
    bound: number = BOUNDS.gradient,
  ) {
    for (const { name, offset, size } of paramLayout(spec)) {
      const error = l2Error(actual.subarray(offset, offset + size), expected.subarray(offset, offset + size));
      this.add(quantity, where ? `${where}, ${name}` : name, error, bound);
    }
  }
}

/** max |a − b| / max |b|; absolute where b is all zero. NaN if any entry is. */
export function entryError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return isZero(expected) ? Math.max(...absolute(actual, expected)) : relativeError(actual, expected);
}

/** ‖a − b‖ / ‖b‖; absolute where b is all zero. */
export function l2Error(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return isZero(expected) ? Math.hypot(...absolute(actual, expected)) : relativeL2(actual, expected);
}

/** max |a − b| / (1 + |b|), entry by entry. */
export function mixedError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Math.max(...absolute(actual, expected).map((error, i) => error / (1 + Math.abs(expected[i]!))));
}

function absolute(actual: ArrayLike<number>, expected: ArrayLike<number>): number[] {
  if (actual.length !== expected.length) {
    throw new Error(`lengths differ: ${actual.length} against ${expected.length}`);
  }
  return Array.from(expected, (value, i) => Math.abs(actual[i]! - value));
}

function isZero(expected: ArrayLike<number>): boolean {
  return Array.from(expected).every((value) => value === 0);
}

/** An oracle tensor as the engine takes it: the inputs are multiples of 2^-10, hence exact. */
export function f32(tensor: OracleTensor): Float32Array {
  return Float32Array.from(tensor.data);
}
