/** What a solve does to the device: reads of its results only, no memory left behind, an end when asked to stop. */
import { describe, expect, test } from "vitest";
import { wgslField } from "../../src/field/wgsl.js";
import { Device, openDevice } from "../../src/gpu/device.js";
import { type SolveOptions, solve } from "../../src/ode/solve.js";
import { held, testDevice } from "../support/device.js";
import { problem } from "./problems.js";

const p = problem({ dim: 2, hidden: [6] }, 4, 91);
const common = {
  field: p.field,
  params: p.params,
  z0: p.z0,
  t0: 0,
  t1: 1,
  trace: { kind: "exact" },
} as const;

describe("a solve in fixed steps reads nothing back but its results", () => {
  test.each([4, 64])(
    "%d steps: the control block and the state; three tensors of a gradient",
    async (steps) => {
      const device = await testDevice();
      const before = device.stats().maps;
      using result = await solve(device, { ...common, steps, method: "rk4", gradient: "discrete" });
      expect(device.stats().maps - before).toBe(2);
      await result.backward(p.cotangent);
      expect(device.stats().maps - before).toBe(2 + 4);
      await solve(device, { ...common, steps, method: "rk4", record: { times: [0.5, 1] } });
      expect(device.stats().maps - before).toBe(2 + 4 + 3);
    },
  );

  test("and takes a number of submissions that does not grow with the steps", async () => {
    const device = await testDevice();
    const submits = async (steps: number) => {
      const before = device.stats().submits;
      await solve(device, { ...common, steps, method: "rk4" });
      return device.stats().submits - before;
    };
    expect(await submits(64)).toBe(await submits(4));
  });

  test("an adaptive solve looks at the done flag once for every eight steps, and at its results", async () => {
    const device = await testDevice();
    const before = device.stats().maps;
    const { stats } = await solve(device, { ...common, maxStep: 1 / 64 });
    expect(stats.accepted).toBeGreaterThanOrEqual(64);
    // One chunk is always on its way ahead of the look.
    expect(device.stats().maps - before).toBeLessThanOrEqual(Math.ceil(stats.accepted / 8) + 1 + 2);
  });
});

const CASES: Record<string, Partial<SolveOptions>> = {
  "fixed steps": { steps: 3 },
  "adaptive steps with records": { record: "steps" },
  "a discrete gradient": { steps: 3, gradient: "discrete" },
  "a continuous gradient": { gradient: "continuous" },
  "orthogonal probes": { steps: 3, trace: { kind: "hutchinson", distribution: "orthogonal", probes: 2 } },
  tangents: { steps: 3, tangents: p.z0 },
  "a WGSL field": {
    steps: 3,
    trace: undefined,
    params: new Float32Array(),
    field: wgslField({ dim: 2, code: "fn field(t: f32, z: State) -> State { return z; }" }),
  },
};

test.each(Object.keys(CASES))("twenty solves with %s leave no buffer behind", async (name) => {
  const device = await testDevice();
  const once = async () => {
    using result = await solve(device, { ...common, ...CASES[name] });
    if (CASES[name]?.gradient) await result.backward(p.cotangent);
  };
  // The first one may open a page of uniforms, which stays.
  await once();
  const { buffers, bytes, pipelines } = device.stats();
  for (let i = 0; i < 20; i++) await once();
  expect(device.stats()).toMatchObject({ buffers, bytes, pipelines });
});

describe("a solve that fails leaves no buffer behind", () => {
  const failing: Record<string, [Partial<SolveOptions>, string]> = {
    "over the device's limits": [
      { gradient: "discrete", maxSteps: 1_000_000, maxStep: 0.1 },
      "limit-exceeded",
    ],
    "with a field that does not compile": [
      {
        trace: undefined,
        params: new Float32Array(),
        field: wgslField({ dim: 2, code: "fn field(t: f32, z: State) -> State { return nothing; }" }),
      },
      "kernel-compilation",
    ],
    "with θ of another length": [{ params: new Float32Array(3) }, "bad-argument"],
    "aborted beforehand": [{ signal: AbortSignal.abort() }, "aborted"],
  };

  test.each(Object.keys(failing))("%s", async (name) => {
    const device = await testDevice();
    const [options, code] = failing[name]!;
    const before = held(device);
    await expect(solve(device, { ...common, ...options })).rejects.toMatchObject({ code });
    expect(held(device)).toEqual(before);
  });
});

describe("AbortSignal", () => {
  test("stops a long adaptive solve between submissions", async () => {
    const device = await testDevice();
    const controller = new AbortController();
    const before = held(device);
    const { submits } = device.stats();
    // 9,000 steps: a second or more of work on any device, given in chunks of eight.
    const pending = solve(device, { ...common, maxStep: 1 / 9000, signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await expect(pending).rejects.toMatchObject({ code: "aborted", cause: { message: "enough" } });
    expect(device.stats().submits - submits).toBeLessThan(9000 / 8);
    expect(held(device)).toEqual(before);
  });

  test("stops a backward pass, and the solve can be differentiated afterwards all the same", async () => {
    using result = await solve(await testDevice(), { ...common, steps: 4, gradient: "discrete" });
    await expect(result.backward(p.cotangent, AbortSignal.abort())).rejects.toMatchObject({
      code: "aborted",
    });
    const back = await result.backward(p.cotangent);
    expect(back.status).toBe("ok");
    expect(back.z0.every(Number.isFinite)).toBe(true);
  });
});

test("backward after dispose is a typed error; disposing twice is none", async () => {
  const result = await solve(await testDevice(), { ...common, steps: 4, gradient: "discrete" });
  result.dispose();
  result.dispose();
  await expect(result.backward(p.cotangent)).rejects.toMatchObject({ code: "disposed" });
  // What was read stays.
  expect(result.z).toHaveLength(8);
});

describe("a solve goes on in further submissions when it has more work than the device allows", () => {
  const fixed = { method: "rk4", steps: 5 } as const;
  const adaptive = { rtol: 1e-5, atol: 1e-5, maxSteps: 24 } as const;
  const trace = { kind: "hutchinson" } as const;
  // Two tiles, the second one partly. Five dimensions are more than resident weights take, whose sums round otherwise.
  const { field, params, z0, cotangent } = problem({ dim: 5, hidden: [12, 20] }, 21);

  /** Around the GPU of the tests, by bound. */
  const devices = new Map<number, Device>();

  /** With the dispatches and submissions that it took. */
  const solveWith = async (workPerSubmit: number, options: Partial<SolveOptions>) => {
    const { gpu, adapter } = await testDevice();
    const device =
      devices.get(workPerSubmit) ?? new Device(gpu, adapter, { calibration: "off", workPerSubmit });
    devices.set(workPerSubmit, device);
    const before = device.stats();
    using solved = await solve(device, { ...common, field, params, z0, trace, ...options });
    const back = options.gradient && (await solved.backward(cotangent));
    const { z, delta, status, stats } = solved;
    const { dispatches, submits } = device.stats();
    return {
      result: { z, delta, status, stats, back },
      dispatches: dispatches - before.dispatches,
      submits: submits - before.submits,
    };
  };

  test("layered: a step in each", async () => {
    const options = { ...fixed, path: "layered" } as const;
    const whole = await solveWith(Number.POSITIVE_INFINITY, options);
    const split = await solveWith(1, options);
    expect(split.submits - whole.submits).toBe(4);
    expect(split.dispatches).toBe(whole.dispatches);
    expect(split.result).toEqual(whole.result);
    await expect(openDevice({ workPerSubmit: 0 })).rejects.toThrow("workPerSubmit is 0");
  });

  test.each<[string, Partial<SolveOptions>]>([
    ["fixed steps with their discrete gradient", { ...fixed, gradient: "discrete" }],
    ["fixed steps with a continuous gradient", { ...fixed, gradient: "continuous" }],
    ["adaptive steps with their discrete gradient", { ...adaptive, gradient: "discrete" }],
    ["adaptive steps both ways", { ...adaptive, gradient: "continuous" }],
  ])("fused, %s: the same bits, in more submissions", async (_, options) => {
    const whole = await solveWith(Number.POSITIVE_INFINITY, { ...options, path: "fused" });
    const split = await solveWith(1, { ...options, path: "fused" });
    expect(whole.result.status).toBe("ok");
    expect(split.result).toEqual(whole.result);
    const { accepted } = whole.result.stats;
    expect(accepted).toBeGreaterThan(2);
    // Forward one for each, and back one for each product of weight gradients: in strips of two steps' sweeps.
    expect(split.submits - whole.submits).toBeGreaterThanOrEqual(Math.floor(1.5 * (accepted - 1)));
  });
});
