/** Judges an "ivp" case: classical systems by fixed and adaptive steps, with values at the listed times. */
import type { Device } from "../../../src/gpu/device.js";
import { type SolveOptions, solve } from "../../../src/ode/solve.js";
import { integrate } from "../../../src/reference/integrate.js";
import { rightHandSide } from "../../reference/ivp.js";
import { dopri5Tolerance, fixedSolver, type IvpCase, type OracleIvp } from "../../support/cases.js";
import { ivpField } from "./ivp-systems.js";
import { adaptiveBound, BOUNDS, entryError, Findings, type Judge, mixedError } from "./judgement.js";
import { finished } from "./solve.js";
import { besideReference, type ReferenceSteps, RTOL_JUDGED } from "./steps.js";

interface OracleAdaptive extends ReferenceSteps {
  readonly y_end: readonly number[];
}

export const judgeIvp: Judge<IvpCase> = async (device, { systems }) => {
  const found = new Findings();
  for (const [name, system] of Object.entries(systems)) await judgeSystem(device, name, system, found);
  return found;
};

async function judgeSystem(device: Device, name: string, system: OracleIvp, found: Findings): Promise<void> {
  const problem: SolveOptions = {
    ...ivpField(name, system),
    z0: Float32Array.from(system.y0),
    t0: system.t[0]!,
    t1: system.t[system.t.length - 1]!,
  };
  for (const [solver, expected] of Object.entries(system.fixed)) {
    const steps = fixedSolver(solver);
    if (!steps) throw new Error(`unknown solver "${solver}"`);
    const result = await solve(device, { ...problem, ...steps });
    found.add("fixed", `${name} ${solver}`, finished(result, entryError(result.z, expected)), BOUNDS.ivp);
  }
  for (const [solver, entry] of Object.entries(system)) {
    const tolerance = dopri5Tolerance(solver);
    if (tolerance === null) continue;
    const expected = entry as OracleAdaptive;
    const end = system.y[system.y.length - 1]!;
    const bound = adaptiveBound(tolerance, mixedError(expected.y_end, end));
    const adaptive = { method: "dopri5", rtol: tolerance, atol: tolerance } as const;
    const result = await solve(device, { ...problem, ...adaptive, record: { times: system.t } });
    const add = tolerance >= RTOL_JUDGED ? found.add.bind(found) : found.show.bind(found);
    add(`end, ${solver}`, name, finished(result, mixedError(result.z, end)), bound);
    // The file has an error of its own at the end only: on the way there float64 stands in for it.
    const { at } = integrate(
      rightHandSide(name, system),
      problem.t0,
      problem.t1,
      Float64Array.from(system.y0),
      {
        ...adaptive,
        times: system.t,
      },
    );
    result.recorded.forEach(({ t, z }, i) => {
      const error = finished(result, mixedError(z, system.y[i]!));
      const ownError = mixedError(at[i]!, system.y[i]!);
      add(`at times, ${solver}`, `${name} t = ${t}`, error, adaptiveBound(tolerance, ownError));
    });
    besideReference(found, `${name} ${solver}`, result, expected);
  }
}
