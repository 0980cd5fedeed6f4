/**
 * How this page trains. A file of its own, because what trains is a third of all code: it is fetched when the first
 * picture stands.
 */
import { type data, type Flow, type TrainRun, train } from "fjordgpu";
import type { Config } from "./config.js";

/** The library's own rate of the warm start. */
const WARM_RATE = 1e-2;

export interface Circumstances {
  /** A checkpoint to go on from. */
  readonly resume: Uint8Array | undefined;
  /** Whether the flow keeps the scaling it has, or has none. */
  readonly keepScaling: boolean;
  /** Divides the learning rates. */
  readonly caution: number;
  readonly isSoftware: boolean;
  /** Reports after every step. */
  readonly single: boolean;
  /** Reports after so many steps, with nothing under way beyond the step that is reported. */
  readonly turn?: number;
  readonly signal: AbortSignal;
}

/** @throws ArgumentError, DataError, FileFormatError */
export function trainingOf(
  flow: Flow,
  set: data.Dataset,
  { steps, batch, lr, seed, warm, trace }: Config,
  { resume, keepScaling, caution, isSoftware, single, turn, signal }: Circumstances,
): TrainRun {
  return train(flow, set, {
    steps,
    batch,
    lr: lr / caution,
    seed,
    clip: 10,
    resume,
    standardise: !keepScaling,
    ...(warm > 0 && { warmStart: { steps: warm, lr: WARM_RATE / caution } }),
    trace: trace === "exact" ? { kind: "exact" } : { kind: "hutchinson", distribution: trace },
    reportEvery: turn ?? (single ? 1 : isSoftware ? 5 : 20),
    // A run submits nothing beyond a step that it evaluates.
    evaluateEvery: turn ?? (isSoftware ? 50 : 100),
    signal,
  });
}
