/** The outcome of a case in words. */
import type { Outcome } from "./case.js";
import type { Judgement } from "./judgement.js";

/** A case's line, a FAIL line for every quantity beyond its bound, and the steps where asked for. */
export function reportLines(name: string, outcome: Outcome, withSteps = false): string[] {
  const mark = { passed: "pass", failed: "FAIL", skipped: "skip" }[outcome.status];
  if ("reason" in outcome) return [`${mark}  ${name}: ${outcome.reason}`];
  const { judgements, notes, steps } = outcome.verdict;
  const parts = [...largest(judgements).map(summary), ...notes];
  return [
    `${mark}  ${name}: ${parts.join(", ")}`,
    ...judgements.filter(({ pass }) => !pass).map((failure) => `FAIL    ${name}: ${complaint(failure)}`),
    ...(withSteps ? steps.map((line) => `        ${line}`) : []),
  ];
}

/** Of each quantity the judgement that comes nearest its bound, or breaks it most; NaN before all. */
export function largest(judgements: readonly Judgement[]): Judgement[] {
  const closeness = ({ error, bound }: Judgement) =>
    Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / bound;
  const worst = new Map<string, Judgement>();
  for (const judgement of judgements) {
    const present = worst.get(judgement.quantity);
    if (!present || closeness(judgement) > closeness(present)) worst.set(judgement.quantity, judgement);
  }
  return [...worst.values()];
}

function summary({ quantity, error, bound, judged }: Judgement): string {
  return judged ? `${quantity} ${short(error)}/${short(bound)}` : `${quantity} ${short(error)} (not judged)`;
}

/** E.g. "z, fixed (rk4_16) is off by 1.2e-3, bound 3e-5". */
export function complaint({ quantity, where, error, bound }: Judgement): string {
  const place = where ? ` (${where})` : "";
  return Number.isFinite(error)
    ? `${quantity}${place} is off by ${short(error)}, bound ${short(bound)}`
    : `${quantity}${place} is not finite or was not reached`;
}

/** Two digits. */
function short(value: number): string {
  return value !== 0 && (value < 0.01 || value >= 1000)
    ? value.toExponential(1).replace(".0e", "e").replace("e+", "e")
    : String(Number(value.toPrecision(2)));
}
