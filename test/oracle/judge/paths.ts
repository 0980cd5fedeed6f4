/** The ways to carry out a solve that a case is judged on: every one that takes it. */
import type { MlpSpec } from "../../../src/field/spec.js";
import type { Path } from "../../../src/ode/execution.js";
import { fusedRefusal } from "../../../src/ode/fused-plan.js";
import { type StepOptions, stepPlan } from "../../../src/ode/plan.js";

export function pathsOf(spec: MlpSpec, options: StepOptions): Path[] {
  return fusedRefusal(spec, stepPlan(options)) ? ["layered"] : ["layered", "fused"];
}
