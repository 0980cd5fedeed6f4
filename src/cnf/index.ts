export type { CnfOptions, SolverConfig, Standardisation } from "./config.js";
export type { Explanation, PathCost } from "./explain.js";
export { type CallOptions, cnf, type Flow } from "./flow.js";
export { loadFlow, readModel, writeModel } from "./model-file.js";
export { logProbOnDevice, sampleOnDevice, trajectoryOnDevice } from "./on-device.js";
