/** Milliseconds of a workload that the model for real GPUs expects, to compare a measured time with. */
import { expect, GPUS, planOf } from "./model.js";
import { short } from "./table.js";
import { FLOW_WORKLOADS } from "./workloads.js";

/**
 * From the fastest of the model's GPUs to the slowest, e.g. "1.5–2.8"; "–" for what the model does not hold: adaptive
 * steps and bare products.
 * @param result name of a workload's result, e.g. "W1"
 */
export function expectedText(result: string): string {
  const workload = FLOW_WORKLOADS.find(({ name, shape }) => name === result && shape.rkSteps > 0);
  if (!workload) return "–";
  const times = GPUS.map((gpu) => expect(planOf(workload), gpu).ms);
  return [Math.min(...times), Math.max(...times)].map((ms) => short(Number(ms.toPrecision(2)))).join("–");
}
