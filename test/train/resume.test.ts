/** Checkpoints: a run that is cut in two is the same run, bit for bit. */
import { describe, expect, test } from "vitest";
import { type CnfOptions, cnf, loadFlow } from "../../src/cnf/index.js";
import { mlp } from "../../src/field/mlp.js";
import { FileFormatError } from "../../src/gpu/errors.js";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import { type TrainOptions, train } from "../../src/train/index.js";
import { testDevice } from "../support/device.js";
import { PLANE, RK4, SMALL_MOONS, stateOf, trained } from "./problems.js";

const base: CnfOptions = { field: PLANE, seed: 1, ...RK4 };
const settings: Omit<TrainOptions, "steps"> = { batch: 8, lr: 0.01, seed: 3, reportEvery: 2 };

describe("10 steps are 5 steps, a checkpoint, and 5 more", () => {
  test.each<[string, Partial<CnfOptions>, Partial<TrainOptions>]>([
    ["fixed steps", {}, {}],
    ["adaptive steps, probes", { method: "dopri5", steps: undefined }, { trace: { kind: "hutchinson" } }],
    ["an average and a trained T", { trainT: true }, { ema: 0.7 }],
    [
      "AdamW, cosine, clipping, regularisers",
      {},
      {
        optimiser: "adamw",
        weightDecay: 0.1,
        schedule: "cosine",
        warmup: 3,
        clip: 0.2,
        regularise: { kinetic: 0.1, jacobian: 0.1 },
      },
    ],
    [
      "no standardisation, continuous",
      { method: "rk4", steps: 3 },
      { standardise: false, gradient: "continuous" },
    ],
  ])("with %s", async (_, flowOptions, trainOptions) => {
    const options = { ...base, ...flowOptions };
    const asked = { ...settings, ...trainOptions };
    const whole = await trained(options, SMALL_MOONS, { ...asked, steps: 10 });

    using first = cnf(await testDevice(), options);
    const run = train(first, SMALL_MOONS, { ...asked, steps: 10, reportEvery: 5 });
    const losses: number[] = [];
    let half: Uint8Array = new Uint8Array();
    for await (const report of run) {
      losses.push(...report.losses);
      half = await run.checkpoint();
      break;
    }
    // Work beyond the report may be under way: the checkpoint says which step it is of.
    const { step } = stateOf(half);
    expect(step).toBeGreaterThanOrEqual(5);
    using second = await loadFlow(await testDevice(), half);
    // Everything but the length is as it was when the checkpoint was written.
    const rest = await trained(second, SMALL_MOONS, {
      steps: 10,
      resume: half,
      standardise: asked.standardise,
    });
    expect(rest.losses).toEqual(whole.losses.slice(step));
    expect(losses).toEqual(whole.losses.slice(0, 5));
    expect(stateOf(rest.checkpoint)).toEqual(stateOf(whole.checkpoint));
    expect(rest.params).toEqual(whole.params);
    expect(rest.T).toBe(whole.T);
  });

  test("with a checkpoint of a run that has ended", async () => {
    const whole = await trained(base, SMALL_MOONS, { ...settings, steps: 10 });
    const first = await trained(base, SMALL_MOONS, { ...settings, steps: 4 });
    expect(stateOf(first.checkpoint).step).toBe(4);
    const rest = await trained(base, SMALL_MOONS, { steps: 10, resume: first.checkpoint });
    expect(rest.losses).toEqual(whole.losses.slice(4));
    expect(rest.reports[0]!.step).toBe(6);
    expect(stateOf(rest.checkpoint)).toEqual(stateOf(whole.checkpoint));
    // Nothing is left to do after its last step.
    const none = await trained(base, SMALL_MOONS, { steps: 10, resume: rest.checkpoint });
    expect(none.reports).toEqual([]);
    expect(stateOf(none.checkpoint)).toEqual(stateOf(whole.checkpoint));
  });
});

describe("a checkpoint", () => {
  test("is a model: the average where one is kept, with the parameters as trained beside it", async () => {
    const device = await testDevice();
    using flow = cnf(device, base);
    const run = await trained(flow, SMALL_MOONS, { ...settings, steps: 5, ema: 0.5 });
    using loaded = await loadFlow(device, run.checkpoint);
    expect(await loaded.params()).toEqual(run.params);
    expect(flow.standardisation).toMatchObject(loaded.standardisation!);
    const points = SMALL_MOONS.points.slice(0, 6);
    expect(await loaded.logProb(points)).toEqual(await flow.logProb(points));
    const { trained: raw, average } = stateOf(run.checkpoint);
    expect(average).toEqual(run.params);
    expect(raw.slice(0, -1)).not.toEqual(run.params);
  });

  test("without an average can be continued with one, which begins there", async () => {
    const first = await trained(base, SMALL_MOONS, { ...settings, steps: 3 });
    const rest = await trained(base, SMALL_MOONS, { steps: 4, resume: first.checkpoint, ema: 0.75 });
    const before = stateOf(first.checkpoint).trained;
    const { trained: after, average } = stateOf(rest.checkpoint);
    average.forEach((value, i) => {
      expect(value).toBeCloseTo(0.75 * before[i]! + 0.25 * after[i]!, 6);
    });
  });

  test("replaces the parameters and the scaling of the flow it is given to", async () => {
    const first = await trained(base, SMALL_MOONS, { ...settings, steps: 3 });
    const scaling = { mean: new Float32Array([9, 9]), std: new Float32Array([9, 9]) };
    using other = cnf(await testDevice(), { ...base, seed: 99, standardisation: scaling });
    const rest = await trained(other, SMALL_MOONS, { steps: 6, resume: first.checkpoint });
    const whole = await trained(base, SMALL_MOONS, { ...settings, steps: 6 });
    expect(rest.losses).toEqual(whole.losses.slice(3));
  });

  test("before the run has begun there is none", async () => {
    using flow = cnf(await testDevice(), base);
    const run = train(flow, SMALL_MOONS, { steps: 1 });
    await expect(run.checkpoint()).rejects.toThrow(/has not begun/);
  });
});

describe("a checkpoint that does not fit is a FileFormatError, before anything is changed", () => {
  async function refused(bytes: Uint8Array, flowOptions: CnfOptions, message: RegExp): Promise<void> {
    using flow = cnf(await testDevice(), flowOptions);
    const before = await flow.params();
    const attempt = () => train(flow, SMALL_MOONS, { steps: 9, resume: bytes });
    expect(attempt).toThrow(FileFormatError);
    expect(attempt).toThrow(message);
    expect(await flow.params()).toEqual(before);
  }

  test("another field, a model alone, cut short, damaged", async () => {
    const device = await testDevice();
    using flow = cnf(device, base);
    const model = await flow.save();
    const { checkpoint } = await trained(flow, SMALL_MOONS, { ...settings, steps: 1 });
    await refused(checkpoint, { ...base, field: mlp({ dim: 2, hidden: [6] }) }, /checkpoint's field/);
    await refused(checkpoint, { ...base, trainT: true }, /trainT/);
    await refused(model, base, /without a training state/);
    await refused(checkpoint.slice(0, -1), base, /cut short/);
    for (const text of ["{", "null", '{"step":-1,"plan":{}}', '{"step":1}']) {
      const file = readSafetensors(checkpoint);
      file.metadata.set("training", text);
      const bytes = writeSafetensors(file.tensors, Object.fromEntries(file.metadata));
      await refused(bytes, base, /training state cannot be read/);
    }
    for (const name of ["trained", "m", "v"]) {
      const file = readSafetensors(checkpoint);
      file.tensors.delete(`training.${name}`);
      const bytes = writeSafetensors(file.tensors, Object.fromEntries(file.metadata));
      await refused(bytes, base, new RegExp(`no tensor "training.${name}"`));
    }
  });
});
