/**
 * Loss and gradient of a step of flow matching against float64, in every form of its kernels: in Node in blocks, in
 * Chromium on SwiftShader with resident weights (tiles of 4), or in strips where those do not fit (5 dimensions, 68 wide).
 */
import { describe, expect, test } from "vitest";
import { fromPoints } from "../../src/data/index.js";
import { initialParams, mlp } from "../../src/field/mlp.js";
import { packing } from "../../src/field/packing.js";
import type { MlpOptions, MlpSpec } from "../../src/field/spec.js";
import { fusedPlan, fusedRefusal, usualTiling } from "../../src/ode/fused-plan.js";
import { groupRows } from "../../src/train/match-layered.js";
import { ONE_EVALUATION } from "../../src/train/warm-start.js";
import { relativeL2 } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { matchStep } from "./match-reference.js";
import { RK4, stateOf, trained } from "./problems.js";

const device = await testDevice();

/** Two whole tiles and five samples where tiles are of 16. */
const BATCH = 37;

/** Samples that share a time: those of a fused kernel's tile, or of a group of the layered path. */
async function tileOf(spec: MlpSpec): Promise<number> {
  if (fusedRefusal(spec, ONE_EVALUATION)) return groupRows(BATCH);
  const one = { plan: ONE_EVALUATION, probes: 0, traceWeight: 0, capacity: 1 };
  return fusedPlan({ packing: packing(spec), batch: BATCH, ...one }, await usualTiling(device)).tile;
}

describe("loss and gradient of a step are those of float64", () => {
  test.each<[string, MlpOptions, number]>([
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
    ["68 wide, concat_v2", { dim: 2, hidden: [68], layer: "concat_v2", activation: "sigmoid" }, 0.8],
    // Fields that go layer by layer: 37 samples are a group of 32 and one of 5.
    ["9 dimensions, concatsquash", { dim: 9, hidden: [7] }, 0.8],
    [
      "5 layers, swish, residual",
      { dim: 2, hidden: [6, 4, 5, 4, 6], activation: "swish", residual: true },
      1,
    ],
    ["no hidden layer", { dim: 3, hidden: [], layer: "concat" }, 1],
  ])("%s", async (_, options, T) => {
    const field = mlp(options);
    const { dim, spec } = field;
    const tile = await tileOf(spec);
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
