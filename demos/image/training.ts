/** How this page trains. A file of its own, so that it is fetched only when it is needed. */
import { type data, type Flow, type TrainRun, train } from "fjordgpu";
import type { Config } from "./config.js";

/** @throws ArgumentError, DataError */
export function trainingOf(
  flow: Flow,
  set: data.Dataset,
  { warm, steps, batch, lr, seed, kinetic, jacobian }: Config,
  isSoftware: boolean,
  signal: AbortSignal,
): TrainRun {
  return train(flow, set, {
    steps,
    batch,
    lr,
    schedule: "cosine",
    clip: 10,
    regularise: { kinetic, jacobian },
    seed,
    // Flow matching has no solver to pay for, so its batch can be larger.
    warmStart: { steps: warm, batch: Math.max(512, batch) },
    reportEvery: isSoftware ? 5 : 20,
    signal,
  });
}
