/** Judges a "solve" case: fixed steps, adaptive steps, and the way back. */
import { mlp } from "../../../src/field/mlp.js";
import type { Device } from "../../../src/gpu/device.js";
import { type SolveOptions, type SolveResult, solve } from "../../../src/ode/solve.js";
import { dopri5Tolerance, fieldOf, fixedSolver, type SolveCase, truth } from "../../support/cases.js";
import { adaptiveBound, BOUNDS, Findings, f32, type How, type Judge, mixedError } from "./judgement.js";
import { pathsOf } from "./paths.js";
import { besideReference, RTOL_JUDGED } from "./steps.js";

/** Fields with kinks, across which no adaptive solve keeps its tolerance. */
const KINKED = ["relu", "elu"];

export const judgeSolve: Judge<SolveCase> = async (device, oracle, how = {}) => {
  const { turn = 0 } = how;
  const { inputs, results } = oracle;
  const { spec, theta } = fieldOf(oracle);
  const found = new Findings();
  const problem: SolveOptions = {
    field: mlp(spec),
    params: Float32Array.from(theta),
    z0: f32(inputs.z0),
    t0: inputs.t0,
    t1: inputs.t1,
    trace: { kind: "exact" },
  };
  const probe = { kind: "hutchinson", epsilon: f32(inputs.eps) } as const;
  // One method is enough for the suite on the fused path: the next case has the next one.
  const methods = [...new Set(Object.keys(results).flatMap((name) => fixedSolver(name)?.method ?? []))];
  const own = methods[turn % methods.length];
  for (const [name, expected] of Object.entries(results)) {
    const solver = fixedSolver(name);
    if (!solver) continue;
    for (const path of pathsOf(spec, solver, how, solver.method !== own)) {
      const exact = await solve(device, { ...problem, ...solver, path });
      found.compare(`z, fixed, ${path}`, name, exact.z, expected.z1, BOUNDS.value);
      found.compare(`Δ exact, fixed, ${path}`, name, exact.delta!, expected.delta_logp_exact, BOUNDS.value);
      // Probes on the fused path: the gradient cases have them.
      if (!expected.delta_logp_hutch || !pathsOf(spec, solver, how, true).includes(path)) continue;
      const estimated = await solve(device, { ...problem, ...solver, path, trace: probe });
      const delta = expected.delta_logp_hutch;
      found.compare(`z, fixed, ${path}`, `${name}, probe`, estimated.z, expected.z1, BOUNDS.value);
      found.compare(`Δ probe, fixed, ${path}`, name, estimated.delta!, delta, BOUNDS.value);
    }
  }
  for (const name of Object.keys(results)) {
    const tolerance = dopri5Tolerance(name);
    if (tolerance !== null) await judgeAdaptive(device, oracle, problem, name, tolerance, how, found);
  }
  return found;
};

async function judgeAdaptive(
  device: Device,
  oracle: SolveCase,
  problem: SolveOptions,
  name: string,
  tolerance: number,
  how: How,
  found: Findings,
): Promise<void> {
  const expected = oracle.results[name]!;
  const exact = truth(oracle);
  const adaptive = { method: "dopri5", rtol: tolerance, atol: tolerance } as const;
  const own = Math.max(
    mixedError(expected.z1.data, exact.z1.data),
    mixedError(expected.delta_logp_exact.data, exact.delta_logp_exact.data),
  );
  const bound = adaptiveBound(tolerance, own);
  const judged = tolerance >= RTOL_JUDGED;
  const add = judged ? found.add.bind(found) : found.show.bind(found);
  // Adaptive kernels take longest to compile: in the suite every other case has them on the fused path.
  const rare = (how.turn ?? 0) % 2 === 1;
  const paths = pathsOf(fieldOf(oracle).spec, adaptive, how, rare);
  for (const path of paths) {
    const record = path === "layered" && expected.accepted_t_dt ? "steps" : undefined;
    const result = await solve(device, { ...problem, ...adaptive, record, path });
    const what = (quantity: string) => `${quantity}, ${path}${judged ? "" : ", below f32"}`;
    add(what("z"), name, finished(result, mixedError(result.z, exact.z1.data)), bound);
    const deltaError = mixedError(result.delta!, exact.delta_logp_exact.data);
    add(what("Δ"), name, finished(result, deltaError), bound);
    // Tiles choose steps of their own: only those of the whole batch can be compared one by one.
    if (result.path === "layered") besideReference(found, name, result, expected);
  }
  if (!judged || KINKED.includes(oracle.field.nonlinearity)) return;
  const { t0, t1 } = problem;
  // By the PI controller: the I controller crosses solve_ignore_softplus_D16 at 1e-3 in two steps each way, whose
  // truncation error alone is 26 times rtol, in float64 too (PI: 0.2 times).
  const path = how.path ?? "auto";
  if (how.path && !paths.includes(path)) return;
  const smooth = { ...problem, ...adaptive, controller: "PI" as const, path };
  const there = await solve(device, smooth);
  const back = await solve(device, { ...smooth, z0: there.z, t0: t1, t1: t0 });
  found.add("round trip", name, finished(back, mixedError(back.z, problem.z0)), 20 * tolerance);
}

/** An unfinished solve has no result to be near the truth. */
export function finished(result: SolveResult, error: number): number {
  return result.status === "ok" ? error : Number.NaN;
}
