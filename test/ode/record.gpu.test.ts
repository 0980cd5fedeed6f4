/** What a solve keeps besides its end: values at requested times, and the states after its steps. */
import { describe, expect, test } from "vitest";
import { METHOD_NAMES, METHODS } from "../../src/ode/methods.js";
import { solve } from "../../src/ode/solve.js";
import { relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { f64, problem, referenceSolve, referenceTrace } from "./problems.js";

const p = problem({ dim: 2, hidden: [5] }, 3, 61);
const common = { field: p.field, params: p.params, z0: p.z0, trace: { kind: "exact" } } as const;

describe.each([
  { t0: 0, t1: 1 },
  { t0: 1, t1: -0.5 },
])("times between t0 and t1, %o", (span) => {
  const at = (fraction: number) => span.t0 + fraction * (span.t1 - span.t0);
  // Both ends, the end of a step, and the middle of several.
  const times = [0, 0.1, 0.37, 0.5, 0.51, 0.875, 1].map(at);

  test.each(METHOD_NAMES)("by dense output of %s, in fixed steps", async (method) => {
    const options = { method, steps: 4 };
    const gpu = await solve(await testDevice(), { ...common, ...span, ...options, record: { times } });
    const { at: expected } = referenceSolve(p, span, { ...options, times }, referenceTrace(p));
    expect(gpu.recorded.map(({ t }) => t)).toEqual(times);
    // No looser than the bound on the end of a solve: inside a step nothing may be lost.
    gpu.recorded.forEach(({ z, delta }, i) => {
      expect(relativeError(z, expected[i]!.z)).toBeLessThan(3e-5);
      // Δ begins at 0: relative to what it becomes.
      const size = Math.max(...expected[times.length - 1]!.delta.map(Math.abs));
      for (const [n, value] of delta!.entries()) {
        expect(Math.abs(value - expected[i]!.delta[n]!)).toBeLessThan(3e-5 * size);
      }
    });
    expect(gpu.recorded[0]!.z).toEqual(p.z0);
    // dopri8's polynomials have coefficients of some tens, which cancel.
    expect(relativeError(gpu.recorded[6]!.z, gpu.z)).toBeLessThan(1e-5);
  });

  test.each(METHOD_NAMES.filter((name) => METHODS[name].embeddedOrder !== undefined))(
    "by dense output of %s, in adaptive steps",
    async (method) => {
      const options = { method, rtol: 1e-3, atol: 1e-3 };
      const device = await testDevice();
      const tangents = numbers(p.z0.length, 3);
      const gpu = await solve(device, { ...common, ...span, ...options, tangents, record: { times } });
      const steps = await solve(device, { ...common, ...span, ...options, record: "steps" });
      // The reference repeats the GPU's steps, so that only the values inside them are compared.
      const nodes = [span.t0, ...steps.steps.slice(1).map(({ t }) => t), span.t1];
      const expected = referenceSolve(p, span, { method, nodes, times }, referenceTrace(p), [f64(tangents)]);
      gpu.recorded.forEach((state, i) => {
        expect(relativeError(state.z, expected.at[i]!.z)).toBeLessThan(3e-5);
        expect(relativeError(state.tangents!, expected.at[i]!.tangents[0]!)).toBeLessThan(1e-4);
      });
    },
  );

  test("in any order, twice over, and none at all", async () => {
    const device = await testDevice();
    const options = { ...common, ...span, steps: 4 };
    const forward = await solve(device, { ...options, record: { times } });
    const mixed = [4, 0, 6, 4, 1];
    const gpu = await solve(device, { ...options, record: { times: mixed.map((i) => times[i]!) } });
    expect(gpu.recorded).toEqual(mixed.map((i) => forward.recorded[i]!));
    const none = await solve(device, { ...options, record: { times: [] } });
    expect(none.recorded).toEqual([]);
    expect(none.z).toEqual(forward.z);
  });
});

test("the end over an empty interval is its beginning", async () => {
  const device = await testDevice();
  for (const steps of [undefined, 2]) {
    const gpu = await solve(device, { ...common, t0: 0.5, t1: 0.5, steps, record: { times: [0.5] } });
    expect(gpu.recorded).toHaveLength(1);
    expect(gpu.recorded[0]!.z).toEqual(p.z0);
  }
});

test.each([{ steps: 7 }, { rtol: 1e-4, atol: 1e-4 }])("every step is listed, %o", async (options) => {
  for (const [t0, t1] of [
    [0, 1],
    [0.75, -1],
  ] as const) {
    const gpu = await solve(await testDevice(), { ...common, t0, t1, ...options, record: "steps" });
    const { steps, recorded, stats } = gpu;
    expect(steps).toHaveLength(stats.accepted);
    expect(steps[0]!.t).toBe(t0);
    steps.forEach(({ t, h }, n) => {
      // Rounding of the sum of two times.
      expect(Math.abs(t + h - (steps[n + 1]?.t ?? t1))).toBeLessThan(2e-7);
      expect(Math.sign(h)).toBe(Math.sign(t1 - t0));
      expect(recorded[n]!.t).toBe(t + h);
    });
    const length = steps.reduce((sum, { h }) => sum + h, 0);
    expect(Math.abs(length - (t1 - t0))).toBeLessThan(1e-6);
    expect(recorded.at(-1)!.z).toEqual(gpu.z);
    expect(recorded.at(-1)!.delta).toEqual(gpu.delta);
  }
});

test("more steps than are kept by default are all listed when maxSteps allows them", async () => {
  const options = { ...common, t0: 0, t1: 1, maxStep: 1 / 600, maxSteps: 700, record: "steps" } as const;
  const { steps, recorded, status } = await solve(await testDevice(), options);
  expect(status).toBe("ok");
  expect(steps.length).toBeGreaterThanOrEqual(600);
  expect(steps.every(({ t, h }) => Number.isFinite(t) && h > 0)).toBe(true);
  expect(recorded.at(-1)!.z.every(Number.isFinite)).toBe(true);
});

test("a solve that ends early has recorded the times it reached, and no others", async () => {
  const times = [1, 0.01, 0.02, 0.9];
  const gpu = await solve(await testDevice(), {
    ...common,
    t0: 0,
    t1: 1,
    maxStep: 0.01,
    maxSteps: 5,
    record: { times },
  });
  expect(gpu.status).toBe("max-steps");
  expect(gpu.t).toBeLessThan(0.06);
  expect(gpu.recorded.map(({ t }) => t)).toEqual([0.01, 0.02]);
  expect(gpu.recorded[1]!.z).not.toEqual(new Float32Array(6));
});
