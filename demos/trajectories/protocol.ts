/** What the trajectories page and its worker say to each other. Every message also carries a run number. */
import type { Failure } from "../shared/failure.js";
import type { RoundTrip } from "./round-trip.js";

export type AdaptiveMethod = "dopri5" | "tsit5";

/** Errors allowed per step, relative and absolute; the finest is the smallest that float32 can keep. */
export const TOLERANCES = [1e-3, 1e-4, 1e-5, 1e-6] as const;

/** States that are drawn of each leg, evenly spaced in time. */
export const FRAMES = 65;

/** Carry these points through the model in the file at `url`, to noise and back; then the same at every tolerance. */
export interface Carry {
  readonly type: "carry";
  readonly url: string;
  /** [n, 2] */
  readonly points: Float32Array;
  readonly method: AdaptiveMethod;
  readonly tolerance: number;
}

/** Nothing is left to be carried: what runs may stop. */
export interface Rest {
  readonly type: "rest";
}

export type Command = Carry | Rest;

/** One solve of all points together; frames and stops where they were asked for. */
export interface Leg {
  /** [n, 2] */
  readonly end: Float32Array;
  /** FRAMES arrays of [n, 2], from start to end. */
  readonly frames: readonly Float32Array[];
  /** Where every accepted step began and the last one ended: accepted + 1 arrays of [n, 2]. */
  readonly stops: readonly Float32Array[];
  readonly accepted: number;
  readonly rejected: number;
  /** Evaluations of the field. */
  readonly nfe: number;
}

export interface Carried {
  readonly type: "carried";
  readonly T: number;
  readonly out: Leg;
  readonly back: Leg;
  readonly error: RoundTrip;
  /** Undefined: computed on the CPU. */
  readonly adapter: string | undefined;
  readonly milliseconds: number;
}

/** Samples of the data on their way to noise, the same whatever is dropped. */
export interface Crowd {
  readonly type: "crowd";
  /** FRAMES arrays of [n, 2]. */
  readonly frames: readonly Float32Array[];
}

/** The round trip at every tolerance. */
export interface Measured {
  readonly type: "measured";
  readonly rows: readonly (RoundTrip & { readonly tolerance: number; readonly nfe: number })[];
}

export type Event =
  | Carried
  | Crowd
  | Measured
  | { readonly type: "failed"; readonly failure: Failure }
  /** There is no WebGPU: the CPU goes on. */
  | { readonly type: "fallback"; readonly failure: Failure };
