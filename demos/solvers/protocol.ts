/** What the solver page and its worker say to each other. Every message also carries a run number. */
import type { MethodName } from "fjordgpu";
import type { Failure } from "../shared/failure.js";
import type { SystemName } from "./systems.js";

/** "gpu": float32 on the device. "cpu": the float64 reference. */
export type Engine = "gpu" | "cpu";

export interface Settings {
  readonly system: SystemName;
  /** Value of the system's parameter; 0 where it has none. */
  readonly p: number;
  readonly x: number;
  readonly y: number;
  /** End of the solve; of no meaning for the learned field, which has its own. */
  readonly t1: number;
  readonly method: MethodName;
  readonly mode: "adaptive" | "fixed";
  /** rtol and atol of an adaptive solve. */
  readonly tolerance: number;
  /** Of a fixed solve. */
  readonly steps: number;
  readonly engine: Engine;
  /** In the work–precision plot. */
  readonly compare: readonly MethodName[];
}

export interface Explore {
  readonly type: "explore";
  readonly settings: Settings;
  /** Of the learned field's file. */
  readonly modelUrl: string;
}

export type Command = Explore;

/** The exact solution; comes first. Times and states [n, 2]. */
export interface Exact {
  readonly type: "exact";
  readonly t: Float64Array;
  readonly z: Float64Array;
  /** [n, 4]: places, and an arrow along the field at the start for each, in data coordinates. */
  readonly arrows: Float64Array;
}

/** One solve with the reader's settings. */
export interface Solved {
  readonly type: "solved";
  readonly status: string;
  /** The status as a sentence. */
  readonly message: string;
  /** Start of the solve, then the end of each accepted step. [n + 1] and [n + 1, 2]. */
  readonly t: Float64Array;
  readonly z: Float64Array;
  /** Lengths of the accepted steps, [n]. */
  readonly h: Float64Array;
  /** h λ for both eigenvalues λ of the Jacobian at the start of each step: [2n, 2], real and imaginary part. */
  readonly spectrum: Float64Array;
  readonly rejected: number;
  readonly nfe: number;
  /** ‖z − exact‖ / max(1, ‖exact‖) at the end. */
  readonly error: number;
  readonly milliseconds: number;
  /** The device, or undefined on the CPU. */
  readonly adapter?: string;
  readonly warnings: readonly string[];
}

/** One method of the work–precision plot; with `adaptive`, by its own step control over tolerances. */
export interface Precision {
  readonly type: "precision";
  readonly method: MethodName;
  readonly adaptive: boolean;
  readonly points: readonly { readonly nfe: number; readonly h: number; readonly error: number }[];
  /** Slope of log error over log h; undefined where too few errors lie between rounding and 3 %. */
  readonly slope?: number;
}

export type Event =
  | Exact
  | Solved
  | Precision
  /** All of the plot is there. */
  | { readonly type: "finished" }
  /** There is no GPU to compute on; the run goes on with the CPU. */
  | { readonly type: "fallback"; readonly failure: Failure }
  | { readonly type: "failed"; readonly failure: Failure };
