/** One training step, recorded for slow motion: what the worker sends, and what the dialog shows. */

/** Asks for the next step of maximum likelihood, taken on a copy; the answer is SlowStep. */
export interface AskSlow {
  readonly type: "slow";
}

export interface SlowStep {
  readonly type: "slow-step";
  /** The step of maximum likelihood, counted from 1. */
  readonly step: number;
  /** Whether it is the very step that the run takes next; else the run is in its warm start, or comes to it first. */
  readonly isNext: boolean;
  /** [B, 2] rows of the data, in data coordinates. */
  readonly batch: Float32Array;
  /** Rows that the batch was drawn from. */
  readonly rows: number;
  /** End of the flow's interval. */
  readonly T: number;
  /** Of the coordinates in which the base is N(0, I): (x − mean) / std. */
  readonly mean: readonly [number, number];
  readonly std: readonly [number, number];
  /** [n, 2] for evenly spaced times from 0 to T, in data coordinates; n ≤ SHOWN, the first of the batch. */
  readonly path: readonly Float32Array[];
  /** Start of every solver step and the end, K + 1 times from 0 to T. */
  readonly times: readonly number[];
  /** [n, 2] at those times. */
  readonly dots: readonly Float32Array[];
  /** [n, 2] at those times: −∂/∂x of the point's own NLL, which points where it would be more probable. */
  readonly pull: readonly Float32Array[];
  /** At those times: norm of the gradient that the steps from there to T have given so far. */
  readonly gathered: readonly number[];
  /** [B] log p(x) before the step, nats. */
  readonly logProb: Float32Array;
  /** Mean NLL of the batch under the weights before and after, nats. */
  readonly before: number;
  readonly after: number;
  /** Of the real step: norm of its gradient before clipping, evaluations of the field, learning rate. */
  readonly gradNorm: number;
  readonly nfe: number;
  readonly nfeBackward: number;
  readonly lr: number;
  /** ‖Δθ‖ and ‖θ‖. */
  readonly updateNorm: number;
  readonly paramNorm: number;
  readonly parameters: number;
  /** Whether the run estimates the trace by a random probe; the picture's gradient is the exact one. */
  readonly isEstimated: boolean;
  /** [size, size] log p in nats under the weights before and after, row 0 at the top. */
  readonly size: number;
  readonly densityBefore: Float32Array;
  readonly densityAfter: Float32Array;
}

/** The step cannot be recorded. */
export interface SlowFailed {
  readonly type: "slow-failed";
  readonly reason: string;
}

/** Points of a batch that are drawn. */
export const SHOWN = 256;
/** Times of a path. */
export const FRAMES = 33;
