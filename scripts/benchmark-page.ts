/** The page of the benchmark with the tables of a run, and of the model for real GPUs, in their places. */

import { modelTable } from "../src/bench/model.js";
import type { BenchReport } from "../src/bench/report.js";
import { benchTable } from "../src/bench/table.js";
import { FLOW_WORKLOADS } from "../src/bench/workloads.js";
import { targetsTable } from "../test/bench/targets.js";
import { between } from "./between.js";

/** @throws Error naming a place that the text does not have */
export function benchmarkPage(page: string, report: BenchReport): string {
  // The model is for fixed steps.
  const modelled = FLOW_WORKLOADS.filter(({ shape }) => shape.rkSteps > 0);
  let text = between(page, "results", benchTable(report));
  text = between(text, "targets", targetsTable(report));
  return between(text, "model", modelTable(modelled));
}
