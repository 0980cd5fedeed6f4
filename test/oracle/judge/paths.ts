/** The ways to carry out a solve that a case is judged on: the one asked for, or every one that takes it. */
import type { MlpSpec } from "../../../src/field/spec.js";
import type { Path } from "../../../src/ode/execution.js";
import { fusedRefusal } from "../../../src/ode/fused-plan.js";
import { type StepOptions, stepPlan } from "../../../src/ode/plan.js";
import type { How } from "./judgement.js";

const inBrowser = typeof document !== "undefined";
/** Set by Vitest, in Node alone. */
const inVitest = inBrowser || process.env.VITEST !== undefined;

/**
 * `npm run conformance` judges everything. Vitest, whose time is short, leaves the fused solves to Chromium, which
 * compiles their kernels in half the time, unless they are asked for; and those that are `rare` (kernels that no other
 * quantity of a case needs, or that another case has) to the command.
 */
export function pathsOf(spec: MlpSpec, options: StepOptions, { path }: How, rare = false): (Path | "auto")[] {
  const refused = fusedRefusal(spec, stepPlan(options)) !== undefined;
  if (path === "fused") return refused || (inVitest && rare) ? [] : [path];
  if (path !== undefined) return [path];
  const spared = inVitest && (rare || !inBrowser);
  return spared || refused ? ["layered"] : ["layered", "fused"];
}
