/** The work–precision plot: error at the end over evaluations of the field, method by method. */
import { type Device, METHODS, type MethodName } from "fjordgpu";
import { measuredOrder } from "./order.js";
import { type Problem, relativeError, roundingFloor, run } from "./problem.js";
import type { Precision } from "./protocol.js";

/** Evaluations of the field that the plot spans on each engine, each about √2 times the one before. */
const FEWEST = 24;
const MOST = { gpu: 2400, cpu: 24_000 };

/** Tolerances of the adaptive curve go down to these. */
const FINEST = { gpu: 6, cpu: 11 };

/**
 * The curve of one method by fixed steps; ends where more steps no longer help.
 * @param isStale asked between solves: then the result is of no interest, and what there is comes back
 */
export async function fixedCurve(
  engine: Device | "cpu",
  problem: Problem,
  exact: ArrayLike<number>,
  method: MethodName,
  isStale: () => boolean,
): Promise<Precision> {
  const kind = engine === "cpu" ? "cpu" : "gpu";
  const floor = roundingFloor(kind);
  const { stages } = METHODS[method];
  const points: Precision["points"][number][] = [];
  let last = 0;
  let buried = 0;
  for (let work = FEWEST; work <= MOST[kind] && buried < 2 && !isStale(); work *= Math.SQRT2) {
    const steps = Math.max(1, Math.round(work / stages));
    if (steps === last) continue;
    last = steps;
    const { z, nfe } = await run(engine, problem, { method, steps });
    const error = relativeError(z, exact);
    if (!Number.isFinite(error) || error > 10) continue;
    points.push({ nfe, h: problem.t1 / steps, error: Math.max(error, 1e-16) });
    if (error < floor / 10) buried++;
  }
  return { type: "precision", method, adaptive: false, points, slope: measuredOrder(points, floor) };
}

/** The curve of one method by its own step control, over tolerances of 1e-2 and less. */
export async function adaptiveCurve(
  engine: Device | "cpu",
  problem: Problem,
  exact: ArrayLike<number>,
  method: MethodName,
  isStale: () => boolean,
): Promise<Precision> {
  const kind = engine === "cpu" ? "cpu" : "gpu";
  const points: Precision["points"][number][] = [];
  for (let digits = 2; digits <= FINEST[kind] && !isStale(); digits++) {
    const { z, nfe, status, accepted } = await run(engine, problem, { method, tolerance: 10 ** -digits });
    const error = relativeError(z, exact);
    if (status !== "ok" || !Number.isFinite(error)) continue;
    points.push({ nfe, h: problem.t1 / accepted, error: Math.max(error, 1e-16) });
  }
  return { type: "precision", method, adaptive: true, points };
}
