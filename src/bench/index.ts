/**
 * fjordgpu/bench: how fast the engine is on an adapter, as the command line and the engine page measure it. What the
 * workloads are, and how they are timed, is in docs/benchmark.md.
 */
export { expectedText } from "./expected.js";
export {
  type BenchOptions,
  bench,
  defaultWorkloads,
  describeWorkload,
  type OwnReport,
  WORKLOADS,
  type WorkloadName,
} from "./ours.js";
export { ownTable, WHERE_TO_SEND } from "./own-table.js";
export type { Entry, WorkloadResult } from "./report.js";
export { short } from "./table.js";
