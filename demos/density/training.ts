/**
 * How this page trains. A file of its own, because what trains is a third of all code: it is fetched when the first
 * picture stands.
 */
import { type data, type Flow, type TrainRun, train } from "fjordgpu";
import { CLIP, type Config, WARM_RATE, WEIGHT_DECAY } from "./config.js";

export interface Circumstances {
  /** A checkpoint to go on from. */
  readonly resume: Uint8Array | undefined;
  /** Whether the flow keeps the scaling it has, or has none. */
  readonly keepScaling: boolean;
  /** Divides the learning rates. */
  readonly caution: number;
  /** Steps between reports. */
  readonly reportEvery: number;
  /** Steps between looks at the held-out points, beyond which nothing is under way; 0: never. */
  readonly evaluateEvery: number;
  readonly signal: AbortSignal;
}

/** @throws ArgumentError, DataError, FileFormatError */
export function trainingOf(
  flow: Flow,
  set: data.Dataset,
  { steps, batch, optimiser, lr, seed, warm, trace, kinetic, jacobian }: Config,
  { resume, keepScaling, caution, reportEvery, evaluateEvery, signal }: Circumstances,
): TrainRun {
  return train(flow, set, {
    steps,
    batch,
    optimiser,
    weightDecay: optimiser === "adamw" ? WEIGHT_DECAY : 0,
    lr: lr / caution,
    seed,
    clip: CLIP,
    resume,
    standardise: !keepScaling,
    ...(warm > 0 && { warmStart: { steps: warm, lr: WARM_RATE / caution } }),
    trace: trace === "exact" ? { kind: "exact" } : { kind: "hutchinson", distribution: trace },
    regularise: { kinetic, jacobian },
    reportEvery,
    evaluateEvery,
    signal,
  });
}
