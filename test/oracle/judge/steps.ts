/** Adaptive solves beside the reference's: counts and steps, which are shown and not judged. */
import { RTOL_FLOOR } from "../../../src/ode/plan.js";
import type { SolveResult } from "../../../src/ode/solve.js";
import type { Findings } from "./judgement.js";

/** Tolerances below this are raised by the engine, which float32 cannot meet: their errors are shown only. */
export const RTOL_JUDGED = RTOL_FLOOR;

type StepList = readonly (readonly [number, number])[];

/** What a reference result says about its steps; `[t, dt]` with a positive dt in either direction of time. */
export interface ReferenceSteps {
  readonly nfe?: number;
  readonly naccepted?: number;
  readonly nrejected?: number;
  readonly accepted_t_dt?: StepList;
  readonly rejected_t_dt?: StepList;
}

export function besideReference(
  found: Findings,
  solver: string,
  result: SolveResult,
  expected: ReferenceSteps,
): void {
  const { nfe, accepted, rejected } = result.stats;
  const status = result.status === "ok" ? "" : ` ${result.status}`;
  found.notes.push(`${solver}${status} NFE ${nfe} (${expected.nfe})`);
  const theirAccepted = expected.naccepted ?? expected.accepted_t_dt?.length;
  const theirRejected = expected.nrejected ?? expected.rejected_t_dt?.length;
  const theirs = theirAccepted === undefined ? "" : ` (${theirAccepted} + ${theirRejected})`;
  found.steps.push(`${solver}: ${accepted} accepted + ${rejected} rejected${theirs}`);
  const ours = result.steps.map(({ t, h }) => [t, Math.abs(h)] as const);
  if (ours.length > 0) found.steps.push(`  ours       ${listed(ours)}`);
  if (expected.accepted_t_dt) found.steps.push(`  reference  ${listed(expected.accepted_t_dt)}`);
}

function listed(steps: StepList): string {
  return steps.map(([t, dt]) => `${Number(t.toPrecision(4))}+${Number(dt.toPrecision(3))}`).join("  ");
}
