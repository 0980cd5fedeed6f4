/** Step control on the GPU: the reference's steps, limits, and what becomes of solves that cannot go on. */
import { describe, expect, test } from "vitest";
import { wgslField } from "../../src/field/wgsl.js";
import { METHOD_NAMES, METHODS } from "../../src/ode/methods.js";
import { solve } from "../../src/ode/solve.js";
import { integrate } from "../../src/reference/integrate.js";
import { testDevice } from "../support/device.js";
import { problem } from "./problems.js";

const params = new Float32Array();

/** Kepler's ellipse of eccentricity ½ from its pericentre, over most of a period: steps short, then long. */
const kepler = {
  field: wgslField({
    dim: 4,
    code: `fn field(t: f32, z: State) -> State {
  let r = sqrt(z[0] * z[0] + z[1] * z[1]);
  let pull = 1.0 / (r * r * r);
  return State(z[2], z[3], -z[0] * pull, -z[1] * pull);
}`,
  }),
  params,
  z0: Float32Array.of(0.5, 0, 0, Math.sqrt(3)),
  t0: 0,
  t1: 5,
};
function keplerReference(_: number, y: Float64Array): Float64Array {
  const pull = Math.hypot(y[0]!, y[1]!) ** -3;
  return Float64Array.of(y[2]!, y[3]!, -y[0]! * pull, -y[1]! * pull);
}
const tolerance = { rtol: 1e-3, atol: 1e-3 };

const adaptiveMethods = METHOD_NAMES.filter((name) => METHODS[name].embeddedOrder !== undefined);

describe.each(["I", "PI", "PID"] as const)("controller %s", (controller) => {
  // What dopri8 is wrong by in short steps is rounding in f32, and its later steps inherit that.
  test.each(adaptiveMethods.filter((name) => name !== "dopri8"))(
    "takes the reference's steps with %s",
    async (method) => {
      const options = { method, controller, ...tolerance };
      const gpu = await solve(await testDevice(), { ...kepler, ...options, record: "steps" });
      const reference = integrate(keplerReference, 0, kepler.t1, Float64Array.from(kepler.z0), options);
      expect(gpu.status).toBe("ok");
      expect(gpu.stats.accepted).toBe(reference.steps.length);
      expect(gpu.stats.rejected).toBe(reference.rejected.length);
      gpu.steps.forEach(({ t, h }, n) => {
        // An error estimate is a difference of slopes: three digits are left of f32's seven, and what the steps are
        // off by adds up in the last one.
        expect(Math.abs(t - reference.steps[n]!.t)).toBeLessThan(5e-3);
        expect(Math.abs(h - reference.steps[n]!.dt)).toBeLessThan(
          5e-3 * Math.abs(reference.steps[n]!.dt) + 5e-3,
        );
      });
      // Two evaluations for the first step. A method without FSAL has its first slope anew in every step tried.
      const { stages, fsal } = METHODS[method];
      const tried = gpu.stats.accepted + gpu.stats.rejected;
      expect(gpu.stats.nfe).toBe(2 + (fsal ? stages - 1 : stages) * tried);
    },
  );

  test("keeps dopri8 within its tolerance, in about the reference's number of steps", async () => {
    const options = { method: "dopri8", controller, ...tolerance } as const;
    const gpu = await solve(await testDevice(), { ...kepler, ...options });
    const start = Float64Array.from(kepler.z0);
    const reference = integrate(keplerReference, 0, kepler.t1, start, options);
    const { y } = integrate(keplerReference, 0, kepler.t1, start, { method: "dopri8", steps: 200 });
    expect(Math.abs(gpu.stats.accepted - reference.steps.length)).toBeLessThanOrEqual(2);
    gpu.z.forEach((value, d) => {
      expect(Math.abs(value - y[d]!) / (1 + Math.abs(y[d]!))).toBeLessThan(20 * tolerance.rtol);
    });
  });
});

test("the controllers differ", async () => {
  const device = await testDevice();
  const steps = (controller: "I" | "PI" | "PID") =>
    solve(device, { ...kepler, controller, rtol: 1e-3, record: "steps" }).then((result) => result.steps);
  const [i, pi, pid] = [await steps("I"), await steps("PI"), await steps("PID")];
  expect(pi).not.toEqual(i);
  expect(pid).not.toEqual(pi);
});

describe("limits of the step", () => {
  test("the first step is the one given, and never above the interval or maxStep", async () => {
    const device = await testDevice();
    const first = async (options: { firstStep: number; maxStep?: number; t1?: number }) =>
      (await solve(device, { ...kepler, ...options, record: "steps" })).steps[0]!.h;
    expect(await first({ firstStep: 2 ** -6 })).toBe(2 ** -6);
    expect(await first({ firstStep: 2 ** -6, t1: -1 })).toBe(-(2 ** -6));
    expect(await first({ firstStep: 1, maxStep: 2 ** -5 })).toBe(2 ** -5);
    expect(await first({ firstStep: 4, t1: 2 ** -7 })).toBe(2 ** -7);
  });

  test("no step is above maxStep", async () => {
    const { steps } = await solve(await testDevice(), {
      ...kepler,
      maxStep: 0.0625,
      rtol: 1,
      atol: 1,
      record: "steps",
    });
    expect(Math.max(...steps.map(({ h }) => h))).toBe(0.0625);
    expect(steps.length).toBeGreaterThanOrEqual(5 / 0.0625);
  });

  test("a step at minStep is tried before the solve gives up", async () => {
    const device = await testDevice();
    const begin = (firstStep: number, minStep?: number) =>
      solve(device, { ...kepler, firstStep, minStep, t1: 0.3, rtol: 1e-5, atol: 1e-5, record: "steps" });
    // The longest first step that passes, by bisection.
    let [passes, fails] = [0.01, 0.29];
    for (let i = 0; i < 12; i++) {
      const middle = (passes + fails) / 2;
      if ((await begin(middle)).stats.rejected > 0) fails = middle;
      else passes = middle;
    }
    expect(fails).toBeLessThan(0.29);
    // After a rejection the controller wants about 0.9 of it, its safety; minStep lies in between.
    const minStep = 0.97 * passes;
    const free = await begin(1.2 * passes);
    expect(free.steps[0]!.h).toBeLessThan(minStep);
    const bound = await begin(1.2 * passes, minStep);
    expect(bound.status).toBe("ok");
    expect(bound.steps[0]!.h).toBe(Math.fround(minStep));
    for (const { h } of bound.steps.slice(0, -1)) expect(h).toBeGreaterThanOrEqual(Math.fround(minStep));
  });

  test("a first step below minStep is raised to it", async () => {
    const { steps } = await solve(await testDevice(), {
      ...kepler,
      firstStep: 2 ** -20,
      minStep: 2 ** -8,
      record: "steps",
    });
    expect(steps[0]!.h).toBe(2 ** -8);
  });

  test("a minStep that the tolerance does not allow ends in step-underflow", async () => {
    const { status, t } = await solve(await testDevice(), {
      ...kepler,
      minStep: 0.5,
      rtol: 1e-6,
      atol: 1e-6,
    });
    expect(status).toBe("step-underflow");
    expect(t).toBeLessThan(5);
  });

  test("maxSteps ends the solve with what there is", async () => {
    const result = await solve(await testDevice(), { ...kepler, maxSteps: 3, maxStep: 0.125 });
    expect(result.status).toBe("max-steps");
    expect(result.message).toContain("maxSteps");
    expect(result.stats.accepted + result.stats.rejected).toBe(3);
    expect(result.t).toBeGreaterThan(0);
    expect(result.t).toBeLessThanOrEqual(0.375);
    const there = integrate(keplerReference, 0, result.t, Float64Array.from(kepler.z0), {
      method: "rk4",
      steps: 100,
    });
    expect(Math.abs(result.z[0]! - there.y[0]!)).toBeLessThan(1e-4);
  });
});

test("a tolerance below what f32 can keep is raised, with a warning that names it", async () => {
  const device = await testDevice();
  const tight = await solve(device, { ...kepler, rtol: 1e-9 });
  expect(tight.warnings).toHaveLength(1);
  expect(tight.warnings[0]).toContain("1e-9");
  expect(tight.warnings[0]).toContain("0.000001");
  const floor = await solve(device, { ...kepler, rtol: 1e-6 });
  expect(tight.z).toEqual(floor.z);
  expect(floor.warnings).toEqual([]);
});

test("a solve and the solve back meet where they started", async () => {
  const device = await testDevice();
  const { field, params: theta, z0 } = problem({ dim: 2, hidden: [8] }, 5, 71);
  const options = { field, params: theta, trace: { kind: "exact" }, rtol: 1e-5, atol: 1e-5 } as const;
  const there = await solve(device, { ...options, z0, t0: 0, t1: 1 });
  const back = await solve(device, { ...options, z0: there.z, t0: 1, t1: 0 });
  z0.forEach((value, i) => {
    expect(Math.abs(back.z[i]! - value) / (1 + Math.abs(value))).toBeLessThan(2e-4);
  });
  there.delta!.forEach((value, n) => {
    expect(Math.abs(back.delta![n]! + value) / (1 + Math.abs(value))).toBeLessThan(2e-4);
  });
});

describe("solves that cannot reach t1", () => {
  const square = wgslField({
    dim: 1,
    code: "fn field(t: f32, z: State) -> State { return State(z[0] * z[0]); }",
  });
  // Infinite past t = 0.5: a product, since WGSL refuses to write infinity down.
  const broken = wgslField({
    dim: 1,
    code: "fn field(t: f32, z: State) -> State { return State(select(1.0, 3e38 * (1e5 + z[0]), t > 0.5)); }",
  });
  const one = { params, z0: Float32Array.of(1), t0: 0, t1: 2 };

  test.each([1, -1])("a pole of z' = z² ends in step-underflow before it (z0 = %d)", async (start) => {
    // 1/(z0⁻¹ − t): the pole lies at t = z0.
    const result = await solve(await testDevice(), {
      ...one,
      field: square,
      z0: Float32Array.of(start),
      t1: 2 * start,
    });
    expect(result.status).toBe("step-underflow");
    expect(Math.abs(result.t)).toBeGreaterThan(0.99);
    expect(Math.abs(result.t)).toBeLessThan(1.01);
    expect(Math.abs(result.z[0]!)).toBeGreaterThan(100);
    expect(result.message).toContain("stiff");
  });

  test("a field that becomes infinite ends in non-finite, with the last finite state", async () => {
    const result = await solve(await testDevice(), { ...one, field: broken });
    expect(result.status).toBe("non-finite");
    expect(result.t).toBeLessThanOrEqual(0.5);
    expect(Math.abs(result.z[0]! - (1 + result.t))).toBeLessThan(1e-5);
  });

  test.each([{}, { firstStep: 0.1 }])("a field that is infinite from the start: %o", async (options) => {
    const result = await solve(await testDevice(), { ...one, ...options, field: broken, t0: 1 });
    expect(result.status).toBe("non-finite");
    expect(result.t).toBe(1);
    expect(result.z).toEqual(one.z0);
    expect(result.stats.accepted).toBe(0);
  });

  test("fixed steps that leave the range of f32 are not called ok", async () => {
    const result = await solve(await testDevice(), {
      ...one,
      field: square,
      steps: 40,
      method: "rk4",
      t1: 10,
    });
    expect(result.z.every(Number.isFinite)).toBe(false);
    expect(result.status).toBe("non-finite");
  });

  test("have no gradient, and say why", async () => {
    const { field, params: theta, z0, cotangent } = problem({ dim: 2, hidden: [4] }, 2);
    using result = await solve(await testDevice(), {
      field,
      params: theta,
      z0,
      t0: 0,
      t1: 1,
      maxStep: 0.01,
      maxSteps: 4,
      gradient: "discrete",
    });
    expect(result.status).toBe("max-steps");
    await expect(result.backward(cotangent)).rejects.toMatchObject({ code: "not-differentiable" });
  });
});

test("an interval shorter than f32 resolves is an empty one", async () => {
  const { field, params: theta, z0, cotangent } = problem({ dim: 2, hidden: [4] }, 2);
  const t1 = 1 + 1e-10;
  using result = await solve(await testDevice(), {
    field,
    params: theta,
    z0,
    t0: 1,
    t1,
    gradient: "discrete",
  });
  expect(result.status).toBe("ok");
  expect(result.z).toEqual(z0);
  const back = await result.backward(cotangent);
  expect(back.z0).toEqual(cotangent.z);
  expect(Number.isFinite(back.t0 + back.t1)).toBe(true);
});
