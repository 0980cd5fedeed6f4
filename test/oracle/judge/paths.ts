/** The ways to carry out a solve that a case is judged on: every one that takes it. */
import type { MlpSpec } from "../../../src/field/spec.js";
import type { Path } from "../../../src/ode/execution.js";
import { fusedRefusal } from "../../../src/ode/fused-plan.js";
import { type StepOptions, stepPlan } from "../../../src/ode/plan.js";

const inBrowser = typeof document !== "undefined";
/** Set by Vitest, in Node alone. */
const inVitest = inBrowser || process.env.VITEST !== undefined;

/**
 * `npm run conformance` judges everything. Vitest, whose time is short, leaves the fused solves to Chromium, which
 * compiles their kernels in half the time, and those that are `rare` (kernels that no other quantity of a case needs,
 * or that another case has) to the command.
 */
export function pathsOf(spec: MlpSpec, options: StepOptions, rare = false): Path[] {
  const spared = inVitest && (rare || !inBrowser);
  return spared || fusedRefusal(spec, stepPlan(options)) ? ["layered"] : ["layered", "fused"];
}
