/** The ways to carry out a solve that a case is judged on: every one that takes it. */
import type { MlpSpec } from "../../../src/field/spec.js";
import type { Path } from "../../../src/ode/execution.js";
import { fusedRefusal } from "../../../src/ode/fused-plan.js";
import { type StepOptions, stepPlan } from "../../../src/ode/plan.js";

/**
 * Under Vitest the fused solves of the cases run in Chromium alone, which compiles their kernels in half the time;
 * `npm run conformance` judges them in Node.
 */
const layeredOnly =
  typeof document === "undefined" && typeof process !== "undefined" && process.env.VITEST !== undefined;

export function pathsOf(spec: MlpSpec, options: StepOptions): Path[] {
  return layeredOnly || fusedRefusal(spec, stepPlan(options)) ? ["layered"] : ["layered", "fused"];
}
