import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/gpu/errors.js";
import { baseLogProb, logProb, sample } from "../../src/reference/cnf.js";
import { integrate } from "../../src/reference/integrate.js";
import { solve } from "../../src/reference/solve.js";
import { exactTrace, hutchinsonTrace } from "../../src/reference/trace.js";
import { dopri5Tolerance, fieldOf, fixedSolver, loadCases, truth, values } from "../support/cases.js";
import { relativeError } from "../support/compare.js";
import { rightHandSide } from "./ivp.js";

/** max |a − b| / (1 + |b|). */
function mixedError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Array.from(expected).reduce(
    (m, v, i) => Math.max(m, Math.abs(actual[i]! - v) / (1 + Math.abs(v))),
    0,
  );
}

describe.each(await loadCases("solve"))("$case", (oracle) => {
  const { inputs, results } = oracle;
  const { spec, theta } = fieldOf(oracle);
  const { t0, t1 } = inputs;
  const z0 = values(inputs.z0);
  const exact = exactTrace(z0.length / spec.dim, spec.dim);
  const probe = hutchinsonTrace([values(inputs.eps)]);
  // 64 steps of two summation orders.
  const same = 1e-11;

  test("fixed steps", () => {
    const names = Object.keys(results).filter(fixedSolver);
    expect(names.length).toBeGreaterThanOrEqual(5);
    for (const name of names) {
      const options = fixedSolver(name)!;
      const expected = results[name]!;
      const joint = solve(spec, theta, exact, t0, t1, z0, options);
      expect(relativeError(joint.z, values(expected.z1)), name).toBeLessThan(same);
      expect(relativeError(joint.delta, values(expected.delta_logp_exact)), name).toBeLessThan(same);
      const { delta } = solve(spec, theta, probe, t0, t1, z0, options);
      expect(relativeError(delta, values(expected.delta_logp_hutch!)), name).toBeLessThan(same);
    }
  });

  test("adaptive steps", () => {
    for (const name of Object.keys(results)) {
      const tolerance = dopri5Tolerance(name);
      // 1e-10 takes 600 steps on the kinked fields and teaches nothing that 1e-5 does not.
      if (tolerance === null || tolerance < 1e-6) continue;
      const expected = results[name]!;
      const options = { method: "dopri5", rtol: tolerance, atol: tolerance } as const;
      const joint = solve(spec, theta, exact, t0, t1, z0, options);
      expect(joint.solution.status).toBe("ok");
      expect(joint.solution.t).toBe(t1);
      const error = Math.max(
        mixedError(joint.z, truth(oracle).z1.data),
        mixedError(joint.delta, truth(oracle).delta_logp_exact.data),
      );
      const theirs = Math.max(
        mixedError(expected.z1.data, truth(oracle).z1.data),
        mixedError(expected.delta_logp_exact.data, truth(oracle).delta_logp_exact.data),
      );
      // The bound the engine is held to, without its float32 part.
      expect(error, name).toBeLessThan(Math.max(20 * tolerance, 2 * theirs));
      // The first step tried is Hairer's in both, clipped to the interval here and not there.
      const tried = [...(expected.accepted_t_dt ?? []), ...(expected.rejected_t_dt ?? [])].filter(
        ([t]) => t === t0,
      );
      const ours = [...joint.solution.steps, ...joint.solution.rejected].filter(({ t }) => t === t0);
      const first = Math.min(Math.max(...tried.map(([, dt]) => dt)), Math.abs(t1 - t0));
      expect(Math.abs(Math.max(...ours.map(({ dt }) => Math.abs(dt))) / first - 1), name).toBeLessThan(1e-9);
    }
  });

  test("log-density, sampling back, and the truth", () => {
    const options = { method: "dopri5", rtol: 1e-6, atol: 1e-6 } as const;
    const flow = { spec, theta, t0, t1, options };
    const expected = truth(oracle);
    expect(
      relativeError(baseLogProb(values(expected.z1), spec.dim), values(expected.base_logp_z1)),
    ).toBeLessThan(same);
    // 20 tolerances, as above. relu's trace jumps in z, and a step over a jump may not see it.
    const bound = spec.activation === "relu" ? 2e-3 : 2e-5;
    expect(mixedError(logProb(flow, z0, exact).logProb, expected.logp_z0_exact.data)).toBeLessThan(bound);
    expect(mixedError(logProb(flow, z0, probe).logProb, expected.logp_z0_hutch.data)).toBeLessThan(bound);
    const back = sample(flow, values(expected.z1), exact);
    expect(mixedError(back.x, inputs.z0.data)).toBeLessThan(bound);
    expect(mixedError(back.logProb, expected.logp_z0_exact.data)).toBeLessThan(bound);
  });
});

const [ivp] = await loadCases("ivp");

describe.each(Object.entries(ivp!.systems))("initial value problem %s", (name, system) => {
  const f = rightHandSide(name, system);
  const y0 = Float64Array.from(system.y0);
  const start = system.t[0]!;
  const end = system.t[system.t.length - 1]!;

  test("fixed steps", () => {
    for (const [solver, expected] of Object.entries(system.fixed)) {
      const { y } = integrate(f, start, end, y0, fixedSolver(solver)!);
      // 256 steps of growing rounding; lorenz amplifies it by e^(0.9 t).
      expect(relativeError(y, expected), solver).toBeLessThan(1e-11);
    }
  });

  test("values at requested times by dense output, any controller", () => {
    for (const method of ["dopri5", "tsit5", "dopri8"] as const) {
      for (const controller of ["I", "PI", "PID"] as const) {
        const options = { method, controller, rtol: 1e-9, atol: 1e-9, times: system.t };
        const { at, y, status, t } = integrate(f, start, end, y0, options);
        expect(status).toBe("ok");
        expect(t).toBe(end);
        expect(at[0]).toEqual(y0);
        expect(at[at.length - 1]).toEqual(y);
        // Local errors of 1e-9 a step; the interpolants of order 4 and 5 add a few hundred of them, lorenz more.
        at.forEach((row, i) => {
          expect(relativeError(row, system.y[i]!), `${method} ${controller} at ${system.t[i]}`).toBeLessThan(
            2e-6,
          );
        });
      }
    }
  });
});

describe("what a solve reports", () => {
  const decay = (_: number, y: Float64Array) => y.map((v) => -v);
  const one = Float64Array.of(1);

  test("steps join up from t0 to t1, in either direction", () => {
    for (const [t0, t1] of [
      [0, 3],
      [3, 0],
    ] as const) {
      const { steps, nfe, rejected } = integrate(decay, t0, t1, one, {
        method: "dopri5",
        rtol: 1e-6,
        atol: 1e-6,
      });
      expect(steps[0]!.t).toBe(t0);
      steps.forEach(({ t, dt }, i) => {
        expect(t + dt).toBeCloseTo(steps[i + 1]?.t ?? t1, 14);
      });
      // First slope, one more for the first step's rule, six new stages an attempt.
      expect(nfe).toBe(2 + 6 * (steps.length + rejected.length));
    }
  });

  test("fixed steps of an FSAL method reuse their last stage", () => {
    expect(integrate(decay, 0, 1, one, { method: "dopri5", steps: 10 }).nfe).toBe(1 + 6 * 10);
    expect(integrate(decay, 0, 1, one, { method: "rk4", steps: 10 }).nfe).toBe(40);
  });

  test("the same nodes give the same bits", () => {
    const adaptive = integrate(decay, 0, 3, one, { method: "tsit5" });
    const nodes = [...adaptive.steps.map(({ t }) => t), 3];
    const again = integrate(decay, 0, 3, one, { method: "tsit5", nodes });
    // dt is t_{n+1} − t_n here and was h there: equal but for the rounding of t + h.
    expect(relativeError(again.y, adaptive.y)).toBeLessThan(1e-14);
  });

  test("limits and failures are statuses", () => {
    const blowUp = (_: number, y: Float64Array) => y.map((v) => v * v);
    expect(integrate(decay, 0, 3, one, { method: "dopri5", maxSteps: 2 }).status).toBe("max-steps");
    expect(integrate(decay, 0, 3, one, { method: "dopri5", firstStep: 3, minStep: 3 }).status).toBe(
      "step-underflow",
    );
    const past = integrate(blowUp, 0, 2, one, { method: "dopri5" });
    // y = 1/(1 − t): steps shrink towards t = 1 until t no longer moves or y overflows.
    expect(["step-underflow", "non-finite"]).toContain(past.status);
    expect(past.t).toBeCloseTo(1, 4);
    expect(integrate((_, y) => y.map(() => Number.NaN), 0, 1, one, { method: "bosh3" }).status).toBe(
      "non-finite",
    );
    expect(integrate(blowUp, 0, 200, Float64Array.of(50), { method: "rk4", steps: 100 }).status).toBe(
      "non-finite",
    );
    const held = integrate(decay, 0, 3, one, { method: "dopri5", maxStep: 0.1 });
    expect(Math.max(...held.steps.map(({ dt }) => dt))).toBeLessThanOrEqual(0.1);
    expect(integrate(decay, 1, 1, one, { method: "dopri5" })).toMatchObject({
      status: "ok",
      y: one,
      steps: [],
    });
  });

  test("options without sense are errors", () => {
    expect(() => integrate(decay, 0, 1, one, { method: "rk4" })).toThrow(/no error estimate/);
    expect(() => integrate(decay, 0, 1, one, { method: "rk4", steps: 0 })).toThrow(ArgumentError);
    expect(() => integrate(decay, 0, 1, one, { method: "rk4", nodes: [0, 0.5] })).toThrow(ArgumentError);
    expect(() => integrate(decay, 0, 1, one, { method: "dopri5", times: [2] })).toThrow(ArgumentError);
    expect(() => integrate(decay, 0, 1, one, { method: "dopri5", times: [0.5, 0.2] })).toThrow(ArgumentError);
    expect(() => integrate(decay, 0, 1, one, { method: "dopri5", atol: 0 })).toThrow(ArgumentError);
    expect(() => integrate(decay, 0, Number.NaN, one, { method: "dopri5" })).toThrow(ArgumentError);
  });
});
