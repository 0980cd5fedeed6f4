/** What a training step costs on the fused path, counted by the device. */
import { expect, test } from "vitest";
import { cnf } from "../../src/cnf/index.js";
import * as data from "../../src/data/index.js";
import { mlp } from "../../src/field/mlp.js";
import { train } from "../../src/train/index.js";
import { testDevice } from "../support/device.js";

test("a step of a toy flow is one submission of 8 dispatches: nothing is created, nothing read", async () => {
  const device = await testDevice();
  const field = mlp({ dim: 2, hidden: [16, 16], layer: "concat_first" });
  const flow = cnf(device, { field, method: "rk4", steps: 8, path: "fused" });
  const counts: { dispatches: number; submits: number; maps: number; buffers: number }[] = [];
  const options = { steps: 24, batch: 32, trace: { kind: "hutchinson" }, reportEvery: 8 } as const;
  for await (const { loss } of train(flow, data.moons({ rows: 500 }), options)) {
    expect(loss).toBeGreaterThan(0);
    const { dispatches, submits, maps, buffers } = device.stats();
    counts.push({ dispatches, submits, maps, buffers });
  }
  // A report comes when the steps of the next one have been submitted: these two differ by 8 steps.
  const [first, second] = counts;
  expect(second!.dispatches - first!.dispatches).toBe(8 * 8);
  // Each read of a report is a submission of its own, too.
  expect(second!.maps - first!.maps).toBe(2);
  expect(second!.submits - first!.submits).toBeLessThanOrEqual(8 + 2);
  expect(second!.buffers).toBe(first!.buffers);
  flow.dispose();
});
