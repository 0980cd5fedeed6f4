export type { CnfOptions, SolverConfig, Standardisation } from "./config.js";
export type { Explanation, PathCost, SolveCost } from "./explain.js";
export { type CallOptions, cnf, type ExplainOptions, type Flow } from "./flow.js";
export { loadFlow, readModel, writeModel } from "./model-file.js";
export { logProbOnDevice, sampleOnDevice, trajectoryOnDevice } from "./on-device.js";
