/** What the sampling page and its worker say to each other. Every message also carries a run number. */
import type { Failure } from "../shared/failure.js";

/** Carry `count` points of noise to data through the model in the file at `url`. */
export interface Carry {
  readonly type: "carry";
  readonly url: string;
  readonly count: number;
  readonly seed: number;
}

export type Command = Carry;

/** Where the points are at evenly spaced times from T (noise) down to 0 (data). */
export interface Carried {
  readonly type: "carried";
  readonly T: number;
  readonly count: number;
  /** FRAMES arrays of [count, 2]. */
  readonly frames: readonly Float32Array[];
  readonly adapter: string;
  readonly isSoftware: boolean;
  /** Evaluations of the field by the solver. */
  readonly nfe: number;
  readonly milliseconds: number;
}

export type Event = Carried | { readonly type: "failed"; readonly failure: Failure };

export const FRAMES = 33;
