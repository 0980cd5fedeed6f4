/** Warm starts: schedule, seeds, cost. The numbers of a step are in match-step.gpu.test.ts. */
import { describe, expect, test } from "vitest";
import { type CnfOptions, cnf } from "../../src/cnf/index.js";
import { mlp } from "../../src/field/mlp.js";
import type { MlpOptions } from "../../src/field/spec.js";
import { groupRows } from "../../src/train/match-layered.js";
import { held, testDevice } from "../support/device.js";
import { PLANE, RK4, SMALL_MOONS, stateOf, trained } from "./problems.js";

const base: CnfOptions = { field: PLANE, seed: 1, ...RK4 };
const only = { steps: 0, reportEvery: 4 };

describe("a warm start", () => {
  test("follows its own schedule, warm-up and clipping", async () => {
    const warmStart = { steps: 6, batch: 8, lr: 0.1, warmup: 2, clip: 1e-3 };
    const { reports, checkpoint } = await trained(base, SMALL_MOONS, {
      ...only,
      lr: 5,
      reportEvery: 1,
      warmStart,
    });
    const rates = [0.05, 0.1, ...[0, 1, 2, 3].map((k) => 0.05 * (1 + Math.cos((Math.PI * k) / 4)))];
    reports.forEach(({ lr }, i) => {
      expect(lr).toBeCloseTo(rates[i]!, 12);
    });
    expect(Math.min(...reports.map(({ gradNorm }) => gradNorm))).toBeGreaterThan(1e-3);
    // An average of gradients cut to the limit is no longer than it.
    expect(Math.hypot(...stateOf(checkpoint).m)).toBeLessThan(1e-3);
  });

  test("has the same bits for the same seed, and others for another", async () => {
    const options = { ...only, warmStart: { steps: 8, batch: 40 } };
    const [a, b, c] = [
      await trained(base, SMALL_MOONS, { ...options, seed: 4 }),
      await trained(base, SMALL_MOONS, { ...options, seed: 4 }),
      await trained(base, SMALL_MOONS, { ...options, seed: 5 }),
    ];
    expect(b.losses).toEqual(a.losses);
    expect(stateOf(b.checkpoint)).toEqual(stateOf(a.checkpoint));
    expect(c.losses).not.toEqual(a.losses);
  });

  test.each<[string, MlpOptions, number]>([
    ["five dispatches a step", PLANE.spec, 5],
    // Time, products forward and back, draw, seed and sums for each of 4 groups; then 4 as above without the first.
    ["layer by layer", { dim: 2, hidden: [6, 4, 5, 4, 6], activation: "swish", residual: true }, 4 * 16 + 4],
  ])("takes %s, and no memory", async (_, options, each) => {
    const device = await testDevice();
    using flow = cnf(device, { ...base, field: mlp(options) });
    await flow.params();
    const dispatches = async (steps: number) => {
      const before = device.stats().dispatches;
      await trained(flow, SMALL_MOONS, { ...only, warmStart: { steps, batch: 100 } });
      return device.stats().dispatches - before;
    };
    const short = await dispatches(4);
    const before = held(device);
    expect((await dispatches(12)) - short).toBe(each * 8);
    expect(held(device)).toEqual(before);
  });

  test("shares times among groups that are neither small nor huge", () => {
    expect([1, 32, 200, 512, 8000, 65_536].map(groupRows)).toEqual([1, 32, 32, 64, 1000, 1024]);
  });
});
