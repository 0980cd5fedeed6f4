export { type BatchOptions, trainingBatch } from "./batch.js";
export type { TrainReport } from "./live.js";
export type { TrainOptions } from "./options.js";
export { TrainRun, train } from "./run.js";
export type { WarmStartOptions } from "./warm-start.js";
