export type { TrainOptions } from "./options.js";
export { type TrainReport, TrainRun, train } from "./run.js";
