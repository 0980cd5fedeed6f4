/** The density page's engine without WebGPU: its flow, its training and a whole session, in float64. */
import { describe, expect, test } from "vitest";
import { type Config, PRESETS } from "../../demos/density/config.js";
import { Breath, slices } from "../../demos/density/cpu/breath.js";
import { CpuFlow } from "../../demos/density/cpu/flow.js";
import { CpuSession } from "../../demos/density/cpu/session.js";
import { CpuTraining } from "../../demos/density/cpu/training.js";
import type { Beginning, Event } from "../../demos/density/protocol.js";
import { datasetOf, optionsOf } from "../../demos/density/run.js";
import { readModel } from "../../src/cnf/index.js";
import { standardisation } from "../../src/data/index.js";
import { initialParams } from "../../src/field/mlp.js";
import { logProb } from "../../src/reference/cnf.js";
import { exactTrace } from "../../src/reference/trace.js";
import { relativeL2 } from "../support/compare.js";
import { matchStep } from "../train/match-reference.js";
import { referenceTraining } from "../train/reference.js";

const config: Config = {
  ...PRESETS.least,
  hidden: "6-5",
  rows: 300,
  solverSteps: 2,
  warm: 0,
  seed: 4,
  steps: 4,
};
const never = new AbortController().signal;

function training(changes: Partial<Config>) {
  const own = { ...config, ...changes };
  const flow = new CpuFlow(optionsOf(own, undefined), new Breath());
  const set = datasetOf(own, 10);
  return { own, flow, set, training: new CpuTraining(flow, set, own, 0, false) };
}

test("work is cut into calls that have every row once", () => {
  expect(slices(5, 6e5)).toEqual([
    { from: 0, to: 2 },
    { from: 2, to: 4 },
    { from: 4, to: 5 },
  ]);
  // A row that costs more than a call is one.
  expect(slices(2, 1e9)).toHaveLength(2);
});

describe("training", () => {
  test.each<[tolerance: number, Partial<Config>]>([
    // Sums of float64 in another order.
    [1e-13, { batch: 301, solverSteps: 8, jacobian: 0.1 }],
    [1e-13, { trace: "rademacher", kinetic: 0.2, jacobian: 0.1, optimiser: "adamw", lr: 0.05 }],
    // Rows of a slice share their steps, whose errors are below 1e-3 each; seen were 2e-9.
    [
      1e-7,
      { trace: "gaussian", solver: "dopri5", rtol: 1e-3, layer: "concat", activation: "softplus", T: 2 },
    ],
  ])("is within %d that of the reference with a GPU's batches: %o", async (tolerance, changes) => {
    const { own, flow, set, training: run } = training(changes);
    const found = { losses: [] as number[], gradNorms: [] as number[] };
    while (!run.isOver) {
      const { loss, gradNorm } = await run.step(never);
      found.losses.push(loss);
      found.gradNorms.push(gradNorm);
    }
    const { batch, lr, optimiser, seed, trace, steps, kinetic, jacobian } = own;
    const expected = referenceTraining(optionsOf(own, undefined), set, {
      steps,
      batch,
      lr,
      optimiser,
      weightDecay: optimiser === "adamw" ? 0.01 : 0,
      clip: 10,
      seed,
      trace: trace === "exact" ? { kind: "exact" } : { kind: "hutchinson", distribution: trace },
      regularise: { kinetic, jacobian },
    });
    expect(relativeL2(found.losses, expected.losses)).toBeLessThan(tolerance);
    expect(relativeL2(found.gradNorms, expected.gradNorms)).toBeLessThan(tolerance);
    expect(relativeL2(flow.theta, expected.end.subarray(0, -1))).toBeLessThan(tolerance);
  });

  test("begins with flow matching, and with a fresh optimiser afterwards", async () => {
    const { own, flow, set, training: run } = training({ warm: 2 });
    const theta = Float32Array.from(flow.theta);
    const expected = matchStep(flow.field.spec, theta, 1, set, { batch: 512, seed: own.seed, step: 0 });
    const first = await run.step(never);
    // Sums of float64 in another order.
    expect(Math.abs(first.loss / expected.loss - 1)).toBeLessThan(1e-12);
    expect(first.gradNorm).toBeCloseTo(Math.hypot(...expected.gradient), 12);
    expect(first).toMatchObject({ phase: "warm-start", nfe: 1, nfeBackward: 0 });
    // Adam's first step has the length of its rate in every weight.
    const moved = flow.theta.map((v, i) => Math.abs(v - theta[i]!));
    expect(Math.max(...moved)).toBeCloseTo(0.01, 6);
    expect(run.state.adam.step).toBe(1);
    await run.step(never);
    expect(run.state).toMatchObject({ step: 2, adam: { step: 0 } });
    expect((await run.step(never)).phase).toBe("likelihood");
  });

  test("a step that is put off is taken again as if nothing had been", async () => {
    const { training: run } = training({});
    const before = run.state;
    await expect(run.step(AbortSignal.abort())).rejects.toMatchObject({ code: "aborted" });
    expect(run.state).toBe(before);
    const { training: other } = training({});
    expect((await run.step(never)).loss).toBe((await other.step(never)).loss);
  });
});

test("the flow's density, transport and field are the reference's, in the units of the data", async () => {
  const { flow, set } = training({ solver: "dopri5", rtol: 1e-7 });
  const { mean, std } = standardisation(set.points, 2);
  const points = Float32Array.of(0.5, -1, 2, 0.25, -3, 1);
  const scaled = Float64Array.from(points, (x, i) => (x - mean[i % 2]!) / std[i % 2]!);
  const options = { method: "dopri5", rtol: 1e-9, atol: 1e-9 } as const;
  const theta = Float64Array.from(initialParams(flow.field.spec, config.seed));
  for (const at of [0, 0.4, 1]) {
    const own = { spec: flow.field.spec, theta, t0: at, t1: 1, options };
    const expected = logProb(own, scaled, exactTrace(3, 2)).logProb.map(
      (v) => v - Math.log(std[0]! * std[1]!),
    );
    // The tolerance of the solve, and results in float32.
    expect(relativeL2(await flow.logProb(points, { at }), expected)).toBeLessThan(1e-6);
  }
  const times = [1, 0.6, 0.3, 0];
  const { places, logArea } = await flow.carry(points, 0.3, times);
  expect(places[2]).toEqual(points);
  expect(logArea[2]!.every((v) => v === 0)).toBe(true);
  // Carried to the data and from there to the noise, it is where it came through.
  const { z } = await flow.transform(places[3]!, { signal: never });
  const noise = places[0]!.map((x, i) => (x - mean[i % 2]!) / std[i % 2]!);
  expect(relativeL2(z, noise)).toBeLessThan(1e-5);
  const way = await flow.trajectory(noise, times);
  for (const [i, there] of places.entries()) expect(relativeL2(way[i]!, there)).toBeLessThan(1e-5);
  // log p_t along the way changes by as much as areas grow.
  const here = await flow.logProb(places[1]!, { at: 0.6 });
  const there = await flow.logProb(points, { at: 0.3 });
  for (let n = 0; n < 3; n++) expect(there[n]! - here[n]!).toBeCloseTo(logArea[1]![n]!, 4);
  // dx/dt by a difference of places.
  const { velocity } = await flow.fieldAt(points, 0.3);
  const near = await flow.carry(points, 0.3, [0.301]);
  expect(
    relativeL2(
      velocity,
      near.places[0]!.map((x, i) => (x - points[i]!) / 0.001),
    ),
  ).toBeLessThan(0.02);
});

test("a session trains, pauses within a step, gives a model, and goes on after trouble and after its end", async () => {
  const events: Event[] = [];
  let session: CpuSession | undefined;
  let asked = 0;
  let ends = 0;
  const waited: number[] = [];
  // Steps of some slices; the third one leaps.
  const own: Config = { ...config, batch: 128, hidden: "16-16", solverSteps: 8, lr: 1, steps: 3 };
  const reached = new Promise<void>((resolve) => {
    session = new CpuSession(
      own,
      { density: true, samples: true, count: 2000, visible: true },
      (event) => {
        events.push(event);
        if (event.type === "ready") session!.start();
        if (event.type === "progress" && asked === 0) {
          setTimeout(() => {
            asked = performance.now();
            session!.pause();
          }, 0);
        }
        if (event.type === "paused") {
          waited.push(performance.now() - asked);
          setTimeout(() => session!.start(), 0);
        }
        if (event.type === "trouble") {
          session!.give({ type: "save", purpose: "keep" });
          session!.give({ type: "save", purpose: "weights" }).then(() => session!.rewind(true));
        }
        if (event.type === "finished" && ++ends === 2) resolve();
        else if (event.type === "finished") {
          // One step more, of the same run.
          session!.extend(4);
          session!.start();
        }
      },
      () => undefined,
    );
  });
  const running = session!.run();
  await reached;
  session!.stop();
  await running;
  expect(waited).toHaveLength(1);
  // A slice takes some 20 ms; the machine may be busy.
  expect(waited[0]).toBeLessThan(1000);
  const types = events.map(({ type }) => type);
  expect(types.slice(0, 3)).toEqual(["ready", "frame", "samples"]);
  const trouble = events.find((event) => event.type === "trouble")!;
  expect(trouble).toMatchObject({ backTo: 0, lr: 0.5 });
  const saved = events.filter((event) => event.type === "saved");
  // What went wrong is not kept.
  expect(new Set(saved.map(({ purpose }) => purpose))).toEqual(new Set(["weights"]));
  const model = readModel(saved[0]!.beginning.bytes);
  expect(model.field.spec.hidden).toEqual([16, 16]);
  expect(model.standardisation).toBeDefined();
  const last = events.filter((event) => event.type === "progress").at(-1)!;
  expect(last).toMatchObject({ step: 4, phase: "likelihood", nfe: 32, nfeBackward: 32 });
  expect(last.heldOut).toBeGreaterThan(0);
});

/** What a session keeps at the end of its run. */
function runOf(own: Config, beginning?: Beginning): Promise<Beginning> {
  const layers = { density: false, samples: false, count: 2000, visible: false };
  return new Promise((resolve, reject) => {
    const onEvent = (event: Event) => {
      if (event.type === "ready") session.start();
      if (event.type === "finished") void session.give({ type: "save", purpose: "keep" });
      if (event.type === "saved") {
        session.stop();
        resolve(event.beginning);
      }
    };
    const session = new CpuSession(own, layers, onEvent, () => undefined, beginning);
    session.run().catch(reject);
  });
}

test("a run that was kept goes on as if it had never stopped, also within its warm start", async () => {
  const own: Config = { ...config, warm: 3, lr: 0.05 };
  const whole = await runOf({ ...own, steps: 4 });
  expect(whole.step).toBe(7);
  const kept = await runOf({ ...own, steps: 2 });
  // As the browser's store gives it back.
  const rest = await runOf({ ...own, steps: 4 }, structuredClone(kept));
  expect(rest).toEqual(whole);
  const warm = training({ warm: 3, steps: 1 });
  await warm.training.step(never);
  const state = structuredClone(warm.training.float64);
  const bytes = new Uint8Array(kept.bytes);
  const end = await runOf({ ...own, steps: 4 }, { bytes, resume: false, float64: state, step: 1 });
  expect(end.float64).toEqual(whole.float64);
  // Moments of another field are not taken: the weights of the file are.
  const other = { ...state, adam: { ...state.adam, m: new Float64Array(1) } };
  const fresh = await runOf({ ...own, steps: 4 }, { bytes, resume: false, float64: other, step: 5 });
  expect(fresh.step).toBe(7);
  expect(fresh.float64).not.toEqual(whole.float64);
});
