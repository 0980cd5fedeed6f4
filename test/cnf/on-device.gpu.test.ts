/** What stays on the device is what the calls that read back give. */
import { describe, expect, test } from "vitest";
import { cnf, logProbOnDevice, sampleOnDevice, trajectoryOnDevice } from "../../src/cnf/index.js";
import { tensor } from "../../src/tensor/index.js";
import { relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { bentField, scaling } from "./problems.js";

const { field, params } = bentField({ dim: 2, hidden: [6, 5] });
// One path: its kernels are made in a moment.
const options = {
  path: "layered",
  field,
  params,
  method: "rk4",
  steps: 3,
  T: 0.7,
  standardisation: scaling(2),
} as const;

describe("on the device", () => {
  test("log p is that of logProb, at every time and over several chunks", async () => {
    const device = await testDevice();
    // Other files' tests share the device.
    const tensors = () => device.memory().filter(({ label }) => label.startsWith("tensor"));
    const before = tensors();
    using flow = cnf(device, options);
    // A chunk has 16,384 rows at most.
    for (const [n, at] of [
      [16_390, undefined],
      [5, 0.3],
      [5, 0.7],
      [0, undefined],
    ] as const) {
      const points = numbers(2 * n, 31, 2);
      using there = tensor(device, points, [n, 2]);
      using actual = await logProbOnDevice(flow, there, { at });
      expect(actual.shape).toEqual([n]);
      const expected = await flow.logProb(points, { at });
      // The same solve; only the last sum is in f32 here.
      expect(relativeError(await actual.data(), expected)).toBeLessThan(1e-5);
    }
    using samples = await sampleOnDevice(flow, 9, { seed: 3 });
    expect(flow.lastStats?.nfe).toBe(12);
    const expected = await flow.sample(9, { seed: 3 });
    expect(samples.shape).toEqual([9, 2]);
    expect(relativeError(await samples.data(), expected)).toBeLessThan(1e-6);
    samples.dispose();
    expect(tensors()).toEqual(before);
  });

  test("paths are those of trajectory; what is of the wrong shape is named", async () => {
    const device = await testDevice();
    using flow = cnf(device, { ...options, steps: undefined, method: "dopri5" });
    const base = numbers(14, 32);
    const times = [0.7, 0.4, 0];
    using z = tensor(device, base, [7, 2]);
    const actual = await trajectoryOnDevice(flow, z, times);
    const expected = await flow.trajectory(base, times);
    for (const [j, frame] of actual.entries()) {
      expect(frame.shape).toEqual([7, 2]);
      expect(relativeError(await frame.data(), expected[j]!)).toBeLessThan(1e-5);
      frame.dispose();
    }
    await expect(trajectoryOnDevice(flow, z, [0.8])).rejects.toThrow(/times holds 0.8/);
    await expect(logProbOnDevice(flow, z, { at: -1 })).rejects.toThrow(/at is -1/);
    using flat = tensor(device, base, [14]);
    await expect(logProbOnDevice(flow, flat)).rejects.toThrow(/points has shape \[14\]/);
    z.dispose();
    await expect(logProbOnDevice(flow, z)).rejects.toMatchObject({ code: "disposed" });
    const aborted = AbortSignal.abort();
    using alive = tensor(device, base, [7, 2]);
    await expect(logProbOnDevice(flow, alive, { signal: aborted })).rejects.toMatchObject({
      code: "aborted",
    });
  });
});
