/** The launches that the model for real GPUs counts are those of steps that are really taken. */
import { beforeAll, expect, test } from "vitest";
import { TrainRunner } from "../../src/bench/engine.js";
import { LAYERED, planOf } from "../../src/bench/model.js";
import { FLOW_WORKLOADS, type TrainWorkload } from "../../src/bench/workloads.js";
import type { Device } from "../../src/gpu/device.js";
import { testDevice } from "../support/device.js";

let device: Device;
beforeAll(async () => {
  device = await testDevice();
});

/** Dispatches of a training step of few rows: their number does not matter. */
async function launches(name: string, rkSteps: number): Promise<number> {
  const workload = FLOW_WORKLOADS.find((each) => each.name === name) as TrainWorkload;
  const runner = new TrainRunner(device, { ...workload, batch: 16, shape: { ...workload.shape, rkSteps } });
  await runner.warm(1);
  const before = device.stats().dispatches;
  await runner.burst(1);
  const made = device.stats().dispatches - before;
  await runner.dispose();
  return made;
}

test("a fused step, and a Runge–Kutta step of W4 on the layered path", async () => {
  const W0 = FLOW_WORKLOADS.find(({ name }) => name === "W0")!;
  expect(await launches("W0", W0.shape.rkSteps)).toBe(planOf(W0).launches);
  expect(await launches("W4", 1)).toBe(LAYERED.around + LAYERED.step);
  expect(await launches("W4", 2)).toBe(LAYERED.around + 2 * LAYERED.step);
});
