/** The two phases of a run: what passes from one to the other, checkpoints in both, and refusals. */
import { describe, expect, test } from "vitest";
import { type CnfOptions, cnf, loadFlow } from "../../src/cnf/index.js";
import { moons } from "../../src/data/index.js";
import { mlp } from "../../src/field/mlp.js";
import { ArgumentError, FileFormatError } from "../../src/gpu/errors.js";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import { type TrainOptions, train, type WarmStartOptions } from "../../src/train/index.js";
import { testDevice } from "../support/device.js";
import { PLANE, RK4, SMALL_MOONS, stateOf, trained } from "./problems.js";

const base: CnfOptions = { field: PLANE, seed: 1, ...RK4 };
const settings: TrainOptions = { steps: 3, batch: 8, lr: 0.01, seed: 3, reportEvery: 2 };
const warmStart: WarmStartOptions = { steps: 7, batch: 20, lr: 0.02 };

/** As `trained`, from the checkpoint that a run has when it has reported `stop` steps of a phase. */
async function cutAt(flow: CnfOptions, options: TrainOptions, phase: string, stop: number) {
  using first = cnf(await testDevice(), flow);
  const run = train(first, SMALL_MOONS, options);
  for await (const report of run) {
    if (report.phase === phase && report.step >= stop) return run.checkpoint();
  }
  throw new Error("The run ended before.");
}

describe("phases", () => {
  test("come in order, count their own steps, and are marked", async () => {
    const { reports } = await trained(base, SMALL_MOONS, { ...settings, warmStart });
    expect(reports.map(({ phase, step }) => [phase, step])).toEqual([
      ["warm-start", 2],
      ["warm-start", 4],
      ["warm-start", 6],
      ["warm-start", 7],
      ["likelihood", 2],
      ["likelihood", 3],
    ]);
    expect(reports.map(({ lr }) => lr === 0.01)).toEqual([false, false, false, false, true, true]);
  });

  test.each<[string, Partial<CnfOptions>, Partial<TrainOptions>]>([
    ["plain", {}, {}],
    ["an average and a trained T", { trainT: true, T: 0.8 }, { ema: 0.7 }],
  ])("maximum likelihood begins anew on the weights that are there: %s", async (_, flowOptions, options) => {
    const flow = { ...base, ...flowOptions };
    const asked = { ...settings, ...options };
    const whole = await trained(flow, SMALL_MOONS, { ...asked, warmStart });
    const warm = await trained(flow, SMALL_MOONS, { ...asked, steps: 0, warmStart });
    // The moments of flow matching do not pass over, nor does T move before.
    const cold = await trained({ ...flow, params: warm.params }, SMALL_MOONS, asked);
    expect(warm.T).toBe(Math.fround(flow.T ?? 1));
    expect(whole.losses.slice(7)).toEqual(cold.losses);
    expect(stateOf(whole.checkpoint)).toEqual(stateOf(cold.checkpoint));
  });

  test("a warm start brings the held-out likelihood down, by the flow's own account", async () => {
    const data = moons({ rows: 1000, heldOut: 200, seed: 2 });
    const field = mlp({ dim: 2, hidden: [16, 16], layer: "concat_first" });
    const flow: CnfOptions = { field, seed: 1, method: "rk4", steps: 4 };
    const asked = { steps: 0, reportEvery: 100, evaluateEvery: 100, warmStart: { steps: 200, batch: 128 } };
    const { reports } = await trained(flow, data, asked);
    // ln(2πe) + ½ ln det Σ of the moons' covariance, the best a Gaussian can do: only a flow that has found some of the
    // shape is below it. Measured 3.191; the bound is half the way.
    const gaussian = 3.294;
    expect(reports[1]!.heldOut).toBeLessThan(gaussian - 0.05);
    expect(reports[1]!.heldOut).toBeLessThan(reports[0]!.heldOut!);
    expect(reports[1]!.kl).toBeGreaterThan(0);
  });
});

describe("a checkpoint continues bit for bit", () => {
  test.each<[string, number, Partial<CnfOptions>, Partial<TrainOptions>]>([
    ["warm-start", 4, {}, { steps: 4 }],
    ["warm-start", 2, { trainT: true }, { ema: 0.7 }],
    ["likelihood", 2, {}, { steps: 6 }],
  ])("from the %s phase, step %i", async (phase, stop, flowOptions, options) => {
    const flow = { ...base, ...flowOptions };
    const asked: TrainOptions = { ...settings, warmStart: { ...warmStart, clip: 0.5 }, ...options };
    const whole = await trained(flow, SMALL_MOONS, asked);
    const half = await cutAt(flow, asked, phase, stop);
    using second = await loadFlow(await testDevice(), half);
    const rest = await trained(second, SMALL_MOONS, { steps: asked.steps, resume: half });
    const { step } = stateOf(half);
    const before = phase === "warm-start" ? step : 7 + step;
    expect(rest.losses).toEqual(whole.losses.slice(before));
    expect(rest.losses.length).toBeGreaterThan(0);
    expect(stateOf(rest.checkpoint)).toEqual(stateOf(whole.checkpoint));
    expect(rest.params).toEqual(whole.params);
    expect(rest.T).toBe(whole.T);
  });

  test("of a warm start that had no likelihood phase", async () => {
    const whole = await trained(base, SMALL_MOONS, { ...settings, warmStart });
    const warm = await trained(base, SMALL_MOONS, { ...settings, steps: 0, warmStart });
    const rest = await trained(base, SMALL_MOONS, { steps: 3, resume: warm.checkpoint });
    expect(rest.losses).toEqual(whole.losses.slice(7));
    // What is changed of the warm start leaves the rest of it as it was; the likelihood phase has it behind it.
    const longer = await trained(base, SMALL_MOONS, {
      steps: 0,
      warmStart: { steps: 9 },
      resume: warm.checkpoint,
    });
    expect(longer.reports.map(({ phase, step }) => [phase, step])).toEqual([
      ["warm-start", 8],
      ["warm-start", 9],
    ]);
    const none = await trained(base, SMALL_MOONS, {
      steps: 3,
      warmStart: { steps: 9 },
      resume: rest.checkpoint,
    });
    expect(none.reports).toEqual([]);
  });

  test("unless it is damaged: a phase that is none, or a warm start without its settings", async () => {
    const { checkpoint } = await trained(base, SMALL_MOONS, { ...settings, steps: 0, warmStart });
    const { tensors, metadata } = readSafetensors(checkpoint);
    const training = JSON.parse(metadata.get("training")!) as object;
    using flow = cnf(await testDevice(), base);
    for (const change of [{ phase: "cold" }, { plan: {} }]) {
      const text = JSON.stringify({ ...training, ...change });
      const bytes = writeSafetensors(tensors, { ...Object.fromEntries(metadata), training: text });
      expect(() => train(flow, SMALL_MOONS, { steps: 1, resume: bytes })).toThrow(FileFormatError);
    }
  });
});

describe("refusals", () => {
  test.each<[Partial<WarmStartOptions>, RegExp]>([
    [{ steps: -1 }, /warmStart\.steps is -1\./],
    [{ steps: undefined }, /warmStart\.steps is undefined\./],
    [{ batch: 0 }, /warmStart\.batch is 0\./],
    [{ batch: 65_537 }, /warmStart\.batch is 65537\./],
    [{ lr: -1 }, /warmStart\.lr is -1\./],
    [{ schedule: "linear" as "cosine" }, /warmStart\.schedule is "linear"/],
    [{ warmup: 0.5 }, /warmStart\.warmup is 0\.5\./],
    [{ clip: 0 }, /warmStart\.clip is 0\./],
  ])("%j is an ArgumentError that names it", async (change, message) => {
    using flow = cnf(await testDevice(), base);
    const attempt = () => train(flow, SMALL_MOONS, { ...settings, warmStart: { ...warmStart, ...change } });
    expect(attempt).toThrow(ArgumentError);
    expect(attempt).toThrow(message);
  });

  test("a loss that is not finite stops the run with the parameters of the last good step", async () => {
    const field = mlp({ dim: 2, hidden: [5], activation: "square", layer: "concat" });
    const wild: CnfOptions = { ...base, field };
    const options = {
      ...settings,
      warmStart: { steps: 60, batch: 8, lr: 1e10, schedule: "constant" as const },
    };
    using flow = cnf(await testDevice(), wild);
    const run = train(flow, SMALL_MOONS, options);
    const reports: [string, number][] = [];
    const failure = await (async () => {
      for await (const { phase, step } of run) reports.push([phase, step]);
    })().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "non-finite" });
    const [phase, done] = reports[reports.length - 1] ?? ["warm-start", 0];
    expect(phase).toBe("warm-start");
    const text = `Training stopped at step ${done + 1} of the warm start: .*parameters are those of step ${done}\\.`;
    expect((failure as Error).message).toMatch(new RegExp(text));
    const params = await flow.params();
    expect(params.every(Number.isFinite)).toBe(true);
    const good = await trained(wild, SMALL_MOONS, {
      ...options,
      steps: 0,
      warmStart: { ...options.warmStart, steps: done },
    });
    expect(params).toEqual(good.params);
  });
});
