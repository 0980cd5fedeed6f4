/** What the curves say at one place. */
import { decimal, integer } from "../shared/format.js";
import type { Row } from "./history.js";

/** The values at the row nearest to a step, in words; held-out values are rare, so the last one up to there holds. */
export function readingAt(rows: readonly Row[], step: number): string {
  const nearest = rows.reduce<Row | undefined>(
    (best, row) => (!best || Math.abs(row.step - step) < Math.abs(best.step - step) ? row : best),
    undefined,
  );
  if (!nearest) return "";
  const { loss, nfe, nfeBackward, stepTime } = nearest;
  const heldOut = rows.filter((row) => row.step <= nearest.step && row.heldOut !== null).at(-1)?.heldOut;
  const parts: string[] = [];
  if (loss !== null) parts.push(`training NLL ${decimal(loss)} nats`);
  if (heldOut != null) parts.push(`held out ${decimal(heldOut)} nats`);
  parts.push(`${integer(nfe)} + ${integer(nfeBackward)} evaluations`);
  if (stepTime !== null) parts.push(`${decimal(stepTime, 1)} ms`);
  return `Step ${integer(nearest.step)}: ${parts.join(", ")}.`;
}
