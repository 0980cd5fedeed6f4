/** What only the fused path can get wrong: spilled rows, stages evaluated again, tiles that choose their own steps. */
import { describe, expect, test } from "vitest";
import { mlp } from "../../src/field/mlp.js";
import { packing } from "../../src/field/packing.js";
import { mlpSpec } from "../../src/field/spec.js";
import { tracePlan } from "../../src/field/trace.js";
import { Weights } from "../../src/field/weights.js";
import { Device } from "../../src/gpu/device.js";
import { FusedDiscrete } from "../../src/ode/fused-discrete.js";
import { FusedForward } from "../../src/ode/fused-forward.js";
import { adjointTape, chunkRoom, fusedPlan } from "../../src/ode/fused-plan.js";
import { stepPlan } from "../../src/ode/plan.js";
import { commandsOf } from "../../src/ode/runner.js";
import { solve } from "../../src/ode/solve.js";
import { mixedError } from "../oracle/judge/judgement.js";
import { testDevice } from "../support/device.js";
import { both, cotangent, difference, problem, SAME } from "../support/fused.js";

test.each(["block", "strip"] as const)("the largest shape fits a binding of 128 MiB, in %ss", (form) => {
  const spec = mlpSpec({ dim: 8, hidden: [128, 128, 128, 128], layer: "concatsquash", activation: "swish" });
  const plan = stepPlan({ method: "dopri8", steps: 8 });
  const shape = { packing: packing(spec), plan, batch: 4096, probes: 8, traceWeight: 1, capacity: 8 };
  const fused = fusedPlan(shape, { form });
  expect(fused.form).toBe(form);
  expect(16 * adjointTape(fused).size).toBeLessThan(2 ** 27);
  expect(16 * chunkRoom(fused)).toBeLessThan(2 ** 27);
});

test("weights are resident where they fit and no adaptive steps are kept, else products go in strips", () => {
  const formOf = (hidden: number[], dim = 2, rest: { recorded?: boolean; rtol?: number } = {}) => {
    const plan = stepPlan(rest.rtol ? { method: "dopri5", rtol: rest.rtol } : { method: "rk4", steps: 4 });
    const { recorded } = rest;
    const shape = { packing: packing(mlpSpec({ dim, hidden })), plan, batch: 64, probes: 1, traceWeight: 1 };
    return fusedPlan({ ...shape, capacity: 4, recorded }, { form: "resident" }).form;
  };
  expect(formOf([64, 64, 64])).toBe("resident");
  expect(formOf([64, 64, 64], 2, { recorded: true })).toBe("strip");
  expect(formOf([32, 32, 32], 4, { recorded: true })).toBe("resident");
  expect(formOf([64, 64, 64, 64])).toBe("strip");
  expect(formOf([80])).toBe("strip");
  expect(formOf([16], 5)).toBe("strip");
  expect(formOf([64, 64, 64], 2, { rtol: 1e-3 })).toBe("resident");
  expect(formOf([16], 2, { rtol: 1e-3, recorded: true })).toBe("strip");
});

test.each([
  ["stored activations", 1 << 30, { tile: 8 }],
  ["rows in global memory, stages evaluated again", 0, { tile: 8, spill: true }],
  ["strips, stages evaluated again", 0, { form: "strip" }],
  ["resident weights", 0, { form: "resident" }],
  ["resident weights, a dispatch for each step", 0, { form: "resident" }, 1],
] as const)("%s: the layered path's gradient", async (_, tapeBytes, tiling, workPerSubmit?: number) => {
  const shared = await testDevice();
  const own = { calibration: "off", workPerSubmit } as const;
  const device = workPerSubmit ? new Device(shared.gpu, shared.adapter, own) : shared;
  const { field, params, z0 } = problem({ hidden: [16, 16] }, 20, {});
  const spec = mlp({ dim: 2, hidden: [16, 16], layer: "concatsquash" }).spec;
  const weights = await Weights.create(device, spec, params);
  const trace = tracePlan({ kind: "exact" }, field.dim, 20);
  const plan = stepPlan({ method: "rk4", steps: 2 });
  const forward = await FusedForward.create(device, weights, {
    batch: 20,
    plan,
    trace,
    keep: 2,
    tiling,
    tapeBytes,
  });
  expect(forward.fused.form).toBe("form" in tiling ? tiling.form : "block");
  const adjoint = await FusedDiscrete.create(forward);
  device.write(forward.state, z0);
  device.write(forward.interval, new Float32Array([0, 1]));
  const [ahead, back] = [forward.steps(), adjoint.steps()];
  expect([ahead.count, back.count]).toEqual(workPerSubmit ? [2, 2] : [1, 1]);
  device.run([...ahead.begin, ...commandsOf(ahead, 0, ahead.count!)]);
  const { z, delta } = cotangent(40, 20);
  device.write(adjoint.stateBar, z);
  device.write(adjoint.deltaBar, delta);
  device.run([...commandsOf(back, 0, back.count!), ...back.end!]);
  const theta = (await device.readF32(adjoint.thetaBar)).slice(0, params.length);
  adjoint.dispose();
  forward.dispose();
  weights.dispose();
  const options = problem({ hidden: [16, 16] }, 20, { method: "rk4", steps: 2, gradient: "discrete" });
  const layered = await solve(device, { ...options, path: "layered" });
  const expected = await layered.backward({ z, delta });
  layered.dispose();
  expect(difference(theta, expected.params)).toBeLessThan(SAME);
});

describe("adaptive steps", () => {
  test.each([
    ["dopri5", "I", "continuous", 1e-4],
    ["tsit5", "PID", "discrete", 1e-4],
    ["dopri8", "I", "discrete", 1e-4],
    // The last stage of a step is the first of the next; no stage is taken over, and the first one has no weight.
    ["bosh3", "PI", "continuous", 1e-4],
    ["midpoint", "I", "continuous", 1e-2],
  ] as const)(
    "%s, controller %s, %s: a batch of one tile takes the layered path's steps",
    async (method, controller, gradient, tolerance) => {
      const rest = { method, controller, rtol: tolerance, atol: tolerance, gradient } as const;
      const activation = method === "bosh3" ? "swish" : "tanh";
      const [layered, fused] = await both(await testDevice(), problem({ activation }, 13, rest));
      expect(fused.stats).toEqual(layered.stats);
      expect(difference(fused.z, layered.z)).toBeLessThan(SAME);
      expect(mixedError(fused.delta!, layered.delta!)).toBeLessThan(SAME);
      // Step lengths agree to some digits only: they come from error estimates, differences of nearly equal numbers.
      expect(difference(fused.gradient.params, layered.gradient.params)).toBeLessThan(1e-3);
      expect(difference(fused.gradient.z0, layered.gradient.z0)).toBeLessThan(1e-3);
      expect(Math.abs(fused.gradient.t1 - layered.gradient.t1)).toBeLessThan(
        1e-3 * Math.abs(layered.gradient.t1),
      );
    },
  );

  test("many tiles: near a solve by small fixed steps, with its gradient", async () => {
    const device = await testDevice();
    const fine = problem({}, 43, { method: "rk4", steps: 64, gradient: "discrete", path: "layered" });
    const truth = await solve(device, fine);
    const expected = await truth.backward(cotangent(86, 43));
    const adaptive = { method: "dopri5", rtol: 1e-4, atol: 1e-4, steps: undefined, path: "fused" } as const;
    const result = await solve(device, { ...fine, ...adaptive });
    const gradient = await result.backward(cotangent(86, 43));
    truth.dispose();
    result.dispose();
    expect(result.status).toBe("ok");
    expect(result.t).toBe(1);
    // Errors of a step add up over the solve: 20 rtol is what the oracle cases allow.
    expect(mixedError(result.z, truth.z)).toBeLessThan(20e-4);
    expect(mixedError(result.delta!, truth.delta!)).toBeLessThan(20e-4);
    expect(difference(gradient.params, expected.params)).toBeLessThan(20e-4);
    expect(difference(gradient.z0, expected.z0)).toBeLessThan(20e-4);
  });

  test("tiles of one solve take different numbers of steps", async () => {
    const device = await testDevice();
    // z' = -z away from the origin in one tile, at it in the other: the first needs steps, the second does not.
    const field = mlp({ dim: 1, hidden: [4], layer: "ignore", activation: "identity" });
    const params = new Float32Array(field.paramCount);
    params[0] = 1;
    params[field.layout.find(({ name }) => name === "layers.1.W")!.offset] = -30;
    const z0 = Float32Array.from({ length: 32 }, (_, i) => (i < 16 ? 1 : 0));
    const options = { field, params, t0: 0, t1: 1, rtol: 1e-5, atol: 1e-5, path: "fused" } as const;
    const both = await solve(device, { ...options, z0 });
    const easy = await solve(device, { ...options, z0: z0.slice(16) });
    expect(both.status).toBe("ok");
    expect(easy.stats.accepted).toBeLessThan(both.stats.accepted);
    expect(Math.abs(both.z[0]!)).toBeLessThan(1e-4);
    expect([...both.z.slice(16)]).toEqual([...easy.z]);
  });

  test.each([
    ["max-steps", { maxSteps: 3, rtol: 1e-6, atol: 1e-6 }],
    ["non-finite", { params: "huge" }],
  ] as const)("a solve that fails says %s", async (status, change) => {
    const device = await testDevice();
    const options = problem({ activation: "square" }, 5, { method: "dopri5", path: "fused" });
    const params = "params" in change ? options.params.map(() => 1e30) : options.params.map((x) => 5 * x);
    const limits = "params" in change ? {} : change;
    const result = await solve(device, { ...options, ...limits, params });
    expect(result.status).toBe(status);
  });
});

test("a solve that the fused path does not take is refused when the path is forced", async () => {
  const device = await testDevice();
  const options = problem({ hidden: [200] }, 5, { method: "rk4", steps: 2 });
  await expect(solve(device, { ...options, path: "fused" })).rejects.toThrow(/up to 128 wide/);
  await expect(solve(device, { ...options, path: "layered" })).resolves.toMatchObject({ path: "layered" });
});
