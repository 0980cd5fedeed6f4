/** What a flow says of its own solves. */
import { expect, test } from "vitest";
import { cnf } from "../../src/cnf/index.js";
import { mlp } from "../../src/field/mlp.js";
import { testDevice } from "../support/device.js";

const small = { dim: 2, hidden: [8], layer: "concat" } as const;

test("a small call is layered, and both paths are measured", async () => {
  const device = await testDevice();
  using flow = cnf(device, { field: mlp(small), method: "rk4", steps: 4 });
  const { path, reason, costs, text, calibration } = await flow.explain({ batch: 16 });
  expect(path).toBe("layered");
  expect(reason).toMatch(/do not repay/);
  const [layered, fused] = costs;
  expect(layered).toMatchObject({ path: "layered", form: "block" });
  // Strips and resident weights are for 4-wide subgroups; a software adapter's rows stand in global memory.
  const spill = device.adapter.isSoftware;
  const [form, tile] = device.adapter.subgroupSize === 4 ? ["resident", 4] : ["block", 16];
  expect(fused).toMatchObject({ path: "fused", form, tile, spill: spill || form === "resident" });
  // 4 steps of 4 stages: time vectors, two layers, trace and stage each, then the ends of the steps.
  expect(layered!.dispatches).toBeGreaterThan(4 * 4 * 4);
  // Probes, then the whole solve.
  expect(fused!.dispatches).toBe(2);
  // 16 evaluations, 3 slots, 16 rows, 4 × 8 + 8 × 4 weights.
  for (const { multiplyAdds, bytes, buffers, milliseconds, nfe, dispatches, kernels } of costs) {
    expect([nfe, multiplyAdds]).toEqual([16, 16 * 3 * 16 * 64]);
    expect(milliseconds).toBeGreaterThan(0);
    expect(bytes).toBe(buffers.reduce((sum, use) => sum + use.bytes, 0));
    expect(buffers.map(({ label }) => label)).toContain("probe key");
    // Every dispatch belongs to a kernel; without timestamps there are none, and the text says so.
    const times = device.gpu.features.has("timestamp-query") ? kernels! : [];
    expect(times.reduce((sum, { calls }) => sum + calls, 0)).toBe(times.length > 0 ? dispatches : 0);
    expect(times.every((time) => time.milliseconds >= 0)).toBe(true);
  }
  // Opened without calibration: 1 ns a multiply-add, 0.1 ms a dispatch (2 layers and 3 more an evaluation; or 2 in all).
  expect(calibration.source).toBe("assumed");
  expect(layered!.expectedMilliseconds).toBeCloseTo(16 * 3 * 16 * 64e-6 + 16 * 5 * 0.1, 6);
  expect(fused!.expectedMilliseconds).toBeCloseTo(16 * 3 * 16 * 64e-6 + 2 * 0.1, 6);
  expect(text).toMatch(
    /^16 rows: layered\..*\ncalibration: 100 µs .*\nlayered, in blocks: .* ms \(expected 8\.0\), /,
  );
  expect(text).toMatch(
    layered!.kernels ? /\n {2}field\/forward\.main: 32 calls, .* ms\n/ : /\n {2}kernels: this device has no/,
  );
  expect(text).toMatch(
    /\nfused, (blocks, 16 rows a workgroup.*, no other tried as the device was opened without calibration|resident weights, 4 rows a workgroup): .* 2 dispatches, 16 evaluations, .*\n {2}buffers: fused /s,
  );
});

test("kernels for a shape pay where its solves are asked for often", async () => {
  // By the rule 4e9 multiply-adds repay them, at 1e5 a dispatch: 16 evaluations of 5 dispatches 600 times are 4.8e9.
  using flow = cnf(await testDevice(), { field: mlp(small), method: "rk4", steps: 4, uses: 600 });
  const { path, reason } = await flow.explain({ batch: 16 });
  expect([path, reason]).toEqual(["fused", expect.stringMatching(/^So many rows repay/)]);
  expect(() => cnf(flow.device, { field: mlp(small), uses: 0 })).toThrow("uses is 0");
});

test("a profile of nothing, of what fails, and one at a time", async () => {
  const device = await testDevice();
  const broken = device.profile(() => Promise.reject(new Error("broken")));
  await expect(broken).rejects.toThrow("broken");
  if (!device.gpu.features.has("timestamp-query")) return;
  const nested = device.profile(() => device.profile(async () => 1));
  await expect(nested).rejects.toThrow(/profiled already/);
  expect(await device.profile(async () => 1)).toEqual({ result: 1, kernels: [] });
});

test("a training step: its own path, and the reverse solve beside the solve", async () => {
  // 32 evaluations of 5 dispatches 300 times are 4.8e9 multiply-adds; a single call is far below.
  using flow = cnf(await testDevice(), { field: mlp(small), method: "rk4", steps: 8 });
  const { path, training, costs, text } = await flow.explain({ batch: 16, training: true });
  expect([path, training]).toEqual(["fused", true]);
  expect(costs.map((cost) => cost.path)).toEqual(["layered", "fused"]);
  for (const { nfe, reverse, bytes } of costs) {
    expect([nfe, reverse!.nfe]).toEqual([32, 32]);
    expect(reverse!.multiplyAdds).toBeGreaterThan(32 * 3 * 16 * 64);
    // Its own buffers: cotangents and gradients.
    expect(reverse!.bytes).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThan(0);
    expect(reverse!.milliseconds).toBeGreaterThan(0);
    // 1 ns a multiply-add, 0.1 ms a dispatch.
    expect(reverse!.expectedMilliseconds).toBeCloseTo(
      reverse!.multiplyAdds * 1e-6 + reverse!.dispatches * 0.1,
      6,
    );
  }
  // The sweep, and the sum of the gradients.
  expect(costs[1]!.reverse!.dispatches).toBe(2);
  expect(costs[0]!.reverse!.dispatches).toBeGreaterThan(32);
  expect(text).toMatch(/^16 rows of a training step: fused\..*\n {2}reverse: .* ms \(expected /s);
});

test("adaptive training: room for all steps, and back by a plan of its own", async () => {
  // Five layers: the layered path alone, which compiles quickly.
  const field = mlp({ dim: 2, hidden: [4, 4, 4, 4, 4] });
  using flow = cnf(await testDevice(), { field, method: "dopri5", rtol: 1e-5, maxStep: 0.05 });
  const discrete = await flow.explain({ batch: 4, training: true });
  expect(discrete.reason).toMatch(/1 to 4 hidden layers; this field has 5/);
  // At least 20 steps of 6 evaluations: more than there is room for at first.
  expect(discrete.costs[0]!.nfe).toBeGreaterThanOrEqual(120);
  expect(discrete.costs[0]!.reverse!.nfe).toBeGreaterThanOrEqual(120);
  const gradient = { kind: "continuous", method: "rk4", steps: 2 } as const;
  const { costs } = await flow.explain({ batch: 4, training: true, gradient });
  // 2 steps of 4 stages, and one evaluation at the end.
  expect(costs[0]!.reverse!.nfe).toBe(9);
  const wrong = flow.explain({ training: true, gradient: "both" as "discrete" });
  await expect(wrong).rejects.toThrow(/gradient is/);
  // A flow that gives up after three steps cannot be trained.
  using short = cnf(flow.device, { field, method: "dopri5", maxStep: 0.05, maxSteps: 3 });
  await expect(short.explain({ batch: 4, training: true })).rejects.toMatchObject({ code: "solve-failed" });
});

test("of a large call it measures a solve that the call makes; a refusal is told beside what was asked for", async () => {
  using flow = cnf(await testDevice(), {
    field: mlp({ dim: 9, hidden: [4] }),
    method: "euler",
    steps: 1,
    path: "layered",
  });
  const { batch, rows, solves, costs, reason, refusal, text } = await flow.explain({ batch: 20_000 });
  expect({ batch, rows, solves }).toEqual({ batch: 20_000, rows: 16_384, solves: 2 });
  // 10 slots, 9 padded to 12 columns in and out of a layer of 4 (8 wide once padded, where it is).
  expect(costs.map(({ path, nfe }) => [path, nfe])).toEqual([["layered", 1]]);
  expect(costs[0]!.multiplyAdds % (10 * 16_384)).toBe(0);
  expect(reason).toBe('path: "layered" was asked for.');
  expect(refusal).toMatch(/up to 8 dimensions; this field has 9/);
  expect(text).toMatch(/^20000 rows, in 2 solves of up to 16384: layered\. .*\nnot fused: .*9\.\n/);
});

test("a field that the fused path does not take has the reason told", async () => {
  using flow = cnf(await testDevice(), {
    field: mlp({ ...small, hidden: [200] }),
    method: "euler",
    steps: 1,
  });
  const { path, reason, costs } = await flow.explain({ batch: 4 });
  expect(path).toBe("layered");
  expect(reason).toMatch(/up to 128 wide/);
  expect(costs.map((cost) => cost.path)).toEqual(["layered"]);
});

test("a path that was asked for is the reason", async () => {
  using flow = cnf(await testDevice(), { field: mlp(small), method: "rk4", steps: 4, path: "fused" });
  expect(await flow.explain({ batch: 1 })).toMatchObject({
    path: "fused",
    reason: 'path: "fused" was asked for.',
  });
  await expect(flow.explain({ batch: 0 })).rejects.toThrow(/batch is 0/);
});
