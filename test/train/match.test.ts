/** One step of flow matching against float64, and what it costs. */
import { describe, expect, test } from "vitest";
import { type CnfOptions, cnf } from "../../src/cnf/index.js";
import { fromPoints } from "../../src/data/index.js";
import { initialParams, mlp } from "../../src/field/mlp.js";
import type { MlpOptions } from "../../src/field/spec.js";
import { groupRows } from "../../src/train/match-layered.js";
import { relativeL2 } from "../support/compare.js";
import { held, testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { matchStep } from "./match-reference.js";
import { PLANE, RK4, SMALL_MOONS, stateOf, trained } from "./problems.js";

/** Two whole tiles and five samples. */
const BATCH = 37;

describe("loss and gradient of a step are those of float64", () => {
  test.each<[string, MlpOptions, number, number?]>([
    ["time at the input", { dim: 2, hidden: [6], layer: "concat_first" }, 1],
    ["concatsquash, swish, residual", { dim: 3, hidden: [5, 9], activation: "swish", residual: true }, 0.7],
    [
      "squash, softplus, two groups of columns",
      { dim: 5, hidden: [8], layer: "squash", activation: "softplus" },
      1,
    ],
    [
      "concat, sin, residual",
      { dim: 1, hidden: [4, 4, 4], layer: "concat", activation: "sin", residual: true },
      2,
    ],
    ["no time, elu", { dim: 2, hidden: [20], layer: "ignore", activation: "elu" }, 1],
    // Fields that go layer by layer: 37 samples are a group of 32 and one of 5.
    ["9 dimensions, concatsquash", { dim: 9, hidden: [7] }, 0.8, 32],
    [
      "5 layers, swish, residual",
      { dim: 2, hidden: [6, 4, 5, 4, 6], activation: "swish", residual: true },
      1,
      32,
    ],
    ["no hidden layer", { dim: 3, hidden: [], layer: "concat" }, 1, 32],
  ])("%s", async (_, options, T, tile) => {
    const field = mlp(options);
    const { dim, spec } = field;
    const points = numbers(40 * dim, 7).map((v, i) => (1 + (i % dim)) * v + 1);
    const data = fromPoints(points, dim, { heldOutFraction: 0 });
    const seed = 2 ** 40 + 5;
    // A rate of 0 leaves θ where it is, so the second step is a function of the same weights.
    const warmStart = { steps: 2, batch: BATCH, lr: 0, schedule: "constant" } as const;
    const run = await trained({ field, seed: 3, T, ...RK4 }, data, {
      steps: 0,
      seed,
      reportEvery: 1,
      warmStart,
    });
    const theta = initialParams(spec, 3);
    const [first, second] = [0, 1].map((step) =>
      matchStep(spec, theta, T, data, { batch: BATCH, seed, step, tile }),
    ) as [ReturnType<typeof matchStep>, ReturnType<typeof matchStep>];
    // Sums of some hundred f32 products: rounding stays below a few 1e-7 each, and grows like the root of their number.
    expect(relativeL2(run.losses, [first.loss, second.loss])).toBeLessThan(1e-5);
    const m = first.gradient.map((g, i) => 0.1 * (0.9 * g + second.gradient[i]!));
    expect(relativeL2(stateOf(run.checkpoint).m, m)).toBeLessThan(1e-5);
    const norms = run.reports.map(({ gradNorm }) => gradNorm);
    expect(
      relativeL2(
        norms,
        [first, second].map(({ gradient }) => Math.hypot(...gradient)),
      ),
    ).toBeLessThan(1e-5);
    expect(run.params).toEqual(theta);
    expect(run.reports.map(({ nfe, nfeBackward }) => [nfe, nfeBackward])).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });
});

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
