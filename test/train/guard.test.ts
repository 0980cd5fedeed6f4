/** What training refuses, and how it stops when a step cannot be taken. */
import { describe, expect, test } from "vitest";
import { type CnfOptions, cnf } from "../../src/cnf/index.js";
import { type Dataset, fromPoints } from "../../src/data/index.js";
import { mlp } from "../../src/field/mlp.js";
import { ArgumentError, DataError, FjordError } from "../../src/gpu/errors.js";
import { type TrainOptions, train } from "../../src/train/index.js";
import { relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { PLANE, RK4, SMALL_MOONS, stateOf, trained } from "./problems.js";
import { referenceTraining } from "./reference.js";

const base: CnfOptions = { field: PLANE, seed: 1, ...RK4 };
const settings: TrainOptions = { steps: 4, batch: 8 };

describe("an option out of its range is an ArgumentError that names it, before anything is changed", () => {
  test.each<[string, Partial<TrainOptions>, RegExp]>([
    ["batch", { batch: 0 }, /batch is 0\./],
    ["a fractional batch", { batch: 1.5 }, /batch is 1\.5\./],
    ["steps", { steps: -1 }, /steps is -1\./],
    ["lr", { lr: -1 }, /lr is -1\./],
    ["lr of NaN", { lr: Number.NaN }, /lr is NaN\./],
    ["an lr beyond f32", { lr: 1e39 }, /lr is 1e\+39\./],
    ["optimiser", { optimiser: "sgd" as "adam" }, /optimiser is "sgd".*adamw/],
    ["schedule", { schedule: "linear" as "cosine" }, /schedule is "linear".*cosine/],
    ["gradient", { gradient: "exact" as "discrete" }, /gradient is "exact".*continuous/],
    ["trace", { trace: { kind: "none" } as unknown as { kind: "exact" } }, /trace\.kind is "none"/],
    ["given probes", { trace: { kind: "hutchinson", epsilon: new Float32Array(16) } }, /trace\.epsilon/],
    ["method", { solver: { method: "rk5" as "rk4" } }, /"rk5"/],
    ["rk4 without steps", { solver: { method: "rk4" } }, /rk4 has no error estimate/],
    ["clip", { clip: 0 }, /clip is 0\./],
    ["ema", { ema: 1 }, /ema is 1\./],
    ["beta1", { beta1: 1 }, /beta1 is 1\./],
    ["epsilon", { epsilon: 0 }, /epsilon is 0\./],
    ["weightDecay", { weightDecay: -0.1 }, /weightDecay is -0\.1\./],
    ["warmup", { warmup: -1 }, /warmup is -1\./],
    ["seed", { seed: -1 }, /seed is -1\./],
    ["reportEvery", { reportEvery: 0 }, /reportEvery is 0\./],
    ["evaluateEvery", { evaluateEvery: -1 }, /evaluateEvery is -1\./],
  ])("%s", async (_, options, message) => {
    const device = await testDevice();
    using flow = cnf(device, base);
    const { buffers } = device.stats();
    const attempt = () => train(flow, SMALL_MOONS, { ...settings, ...options });
    expect(attempt).toThrow(ArgumentError);
    expect(attempt).toThrow(message);
    expect(device.stats().buffers).toBe(buffers);
  });

  test("a tolerance below the f32 floor is a warning", async () => {
    using flow = cnf(await testDevice(), base);
    expect(train(flow, SMALL_MOONS, { ...settings, solver: { rtol: 1e-9 } }).warnings).toEqual([
      expect.stringMatching(/rtol 1e-9/),
    ]);
  });
});

describe("data that cannot be used", () => {
  const bad = (change: Partial<Dataset>): Dataset => ({ ...SMALL_MOONS, ...change });
  const nan = SMALL_MOONS.points.slice();
  nan[9] = Number.NaN;

  test.each<[string, Dataset, typeof FjordError, RegExp]>([
    ["another dimension", fromPoints(numbers(30), 3), ArgumentError, /data has 3 columns, the flow 2/],
    ["no rows", bad({ rows: 0, points: new Float32Array() }), DataError, /no rows/],
    ["NaN", bad({ points: nan }), DataError, /points holds NaN at row 4, column 1/],
    ["NaN held out", bad({ heldOut: nan }), DataError, /heldOut holds NaN at row 4/],
  ])("%s is refused before anything is changed", async (_, data, type, message) => {
    using flow = cnf(await testDevice(), base);
    const attempt = () => train(flow, data, settings);
    expect(attempt).toThrow(type as typeof ArgumentError);
    expect(attempt).toThrow(message);
    expect(flow.standardisation).toBeUndefined();
  });

  test("a constant column cannot be standardised, and can be trained on as it is", async () => {
    const column = SMALL_MOONS.points.map((v, i) => (i % 2 === 0 ? v : 3));
    using flow = cnf(await testDevice(), base);
    await expect(trained(flow, bad({ points: column }), settings)).rejects.toThrow(
      /Column 1 is 3 in every row/,
    );
    expect(flow.standardisation).toBeUndefined();
    const run = await trained(flow, bad({ points: column }), { ...settings, standardise: false });
    expect(run.losses.every(Number.isFinite)).toBe(true);
  });

  test("nothing held out is no evaluation", async () => {
    const { reports } = await trained(base, SMALL_MOONS, { ...settings, evaluateEvery: 2 });
    expect(reports.map(({ step, heldOut, kl }) => [step, heldOut, kl])).toEqual([
      [2, undefined, undefined],
      [4, undefined, undefined],
    ]);
  });
});

describe("a loss that is not finite", () => {
  // Grows by its weights in every stage, with nothing that bounds it.
  const wild: CnfOptions = {
    ...base,
    field: mlp({ dim: 2, hidden: [5], activation: "softplus", layer: "concat" }),
  };

  test.each<[string, Partial<CnfOptions>, Partial<TrainOptions>]>([
    ["fixed steps", {}, {}],
    ["fixed steps and an average", {}, { ema: 0.9 }],
    ["adaptive steps", { method: "dopri5", steps: undefined }, {}],
    ["the continuous gradient", {}, { gradient: "continuous" }],
  ])("stops the run with the parameters of the last good step: %s", async (_, flowOptions, trainOptions) => {
    using flow = cnf(await testDevice(), { ...wild, ...flowOptions });
    const options: TrainOptions = { steps: 200, batch: 8, lr: 1e6, reportEvery: 4, ...trainOptions };
    const run = train(flow, SMALL_MOONS, options);
    let done = 0;
    const failure = await (async () => {
      for await (const report of run) done = report.step;
    })().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(FjordError);
    expect(failure).toMatchObject({ code: "non-finite" });
    expect((failure as Error).message).toContain(`Training stopped at step ${done + 1}: `);
    expect((failure as Error).message).toContain(`The parameters are those of step ${done}.`);
    const params = await flow.params();
    expect(params.every(Number.isFinite)).toBe(true);
    // What is left is what a run of just those steps leaves.
    const good = await trained({ ...wild, ...flowOptions }, SMALL_MOONS, { ...options, steps: done });
    expect(params).toEqual(good.params);
    expect(stateOf(await run.checkpoint())).toEqual(stateOf(good.checkpoint));
    // And the flow still answers.
    expect(await flow.sample(0)).toHaveLength(0);
  });

  test("at the first step leaves the flow as it was", async () => {
    using flow = cnf(await testDevice(), wild);
    const huge = SMALL_MOONS.points.map((v) => v * 1e18);
    const run = train(flow, { ...SMALL_MOONS, points: huge }, { steps: 5, batch: 8, standardise: false });
    const before = await flow.params();
    await expect(run[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "non-finite" });
    expect(await flow.params()).toEqual(before);
  });

  test("an lr of 1e6 on a bounded field ends, one way or the other, with finite parameters", async () => {
    using flow = cnf(await testDevice(), base);
    const options = { steps: 50, batch: 8, lr: 1e6 };
    const error = await trained(flow, SMALL_MOONS, options).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error !== undefined) expect(error).toMatchObject({ code: "non-finite" });
    expect((await flow.params()).every(Number.isFinite)).toBe(true);
  });
});

describe("solves that need more steps than a training step was given", () => {
  // Well over 16 steps, the number that a run begins with: some 40 by large weights over a long time, rejections
  // among them, and 30 that are too short to be rejected.
  const field = mlp({ dim: 2, hidden: [6], layer: "concat" });
  const tolerances = { rtol: 1e-6, atol: 1e-6 };
  const stiff: CnfOptions = { field, params: numbers(field.paramCount, 4, 3), T: 4, ...tolerances };
  const short: CnfOptions = { field, seed: 1, method: "dopri5", maxStep: 1 / 30 };
  const options: TrainOptions = { steps: 5, batch: 6, lr: 1e-3, reportEvery: 3 };

  test.each([
    ["rejections, discrete", stiff, "discrete"],
    ["rejections, continuous", stiff, "continuous"],
    ["short steps, discrete", short, "discrete"],
    ["short steps, continuous", short, "continuous"],
  ] as const)("are given more, with the same result: %s", async (_, flow, gradient) => {
    const { reports, losses } = await trained(flow, SMALL_MOONS, { ...options, gradient });
    // dopri5 evaluates six times a step.
    expect(reports[0]!.nfe).toBeGreaterThan(6 * 16);
    expect(reports[reports.length - 1]!.step).toBe(5);
    const expected = referenceTraining(flow, SMALL_MOONS, { ...options, gradient });
    // Discrete: f32 over many steps. Continuous: the way back adds its own error of a multiple of rtol, which a flow
    // that stretches enlarges; measured 1.1e-4.
    const bound = gradient === "discrete" ? 1e-4 : 1e-3;
    expect(relativeError(losses, expected.losses)).toBeLessThan(bound);
  });

  test("fail where maxSteps forbids more", async () => {
    using flow = cnf(await testDevice(), { ...stiff, maxSteps: 8 });
    const before = await flow.params();
    await expect(trained(flow, SMALL_MOONS, options)).rejects.toThrow(/largest number of steps.*step 0/);
    expect(await flow.params()).toEqual(before);
  });
});
