/** What a flow says of its own solves. */
import { expect, test } from "vitest";
import { cnf } from "../../src/cnf/index.js";
import { mlp } from "../../src/field/mlp.js";
import { testDevice } from "../support/device.js";

const small = { dim: 2, hidden: [8], layer: "concat" } as const;

test("a small call is layered, and both paths are measured", async () => {
  using flow = cnf(await testDevice(), { field: mlp(small), method: "rk4", steps: 4 });
  const { path, reason, costs, text } = await flow.explain({ batch: 16 });
  expect(path).toBe("layered");
  expect(reason).toMatch(/do not repay/);
  const [layered, fused] = costs;
  expect([layered!.path, fused!.path]).toEqual(["layered", "fused"]);
  // 4 steps of 4 stages: time vectors, two layers, trace and stage each, then the ends of the steps.
  expect(layered!.dispatches).toBeGreaterThan(4 * 4 * 4);
  // Probes, then the whole solve.
  expect(fused!.dispatches).toBe(2);
  // 16 evaluations, 3 slots, 16 rows, 4 × 8 + 8 × 4 weights.
  for (const { multiplyAdds, bytes, milliseconds } of costs) {
    expect(multiplyAdds).toBe(16 * 3 * 16 * 64);
    expect(bytes).toBeGreaterThan(0);
    expect(milliseconds).toBeGreaterThan(0);
  }
  expect(text).toMatch(/^16 rows: layered\..*\nlayered: .* ms, .* dispatches.*\nfused: /);
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
