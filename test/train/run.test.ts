/** A run as its user sees it: reproducible, stoppable at any time, and leaving nothing behind. */
import { describe, expect, test } from "vitest";
import { type CnfOptions, cnf, loadFlow } from "../../src/cnf/index.js";
import { klFromData, moons } from "../../src/data/index.js";
import { mlp } from "../../src/field/mlp.js";
import { openDevice } from "../../src/gpu/device.js";
import { DeviceLostError } from "../../src/gpu/errors.js";
import { openNodeGPU } from "../../src/node/open.js";
import { type TrainOptions, train } from "../../src/train/index.js";
import { grid2d } from "../cnf/problems.js";
import { held, testDevice } from "../support/device.js";
import { PLANE, RK4, SMALL_MOONS, stateOf, trained } from "./problems.js";

const base: CnfOptions = { field: PLANE, seed: 1, ...RK4 };
const settings: TrainOptions = { steps: 12, batch: 8, lr: 0.01 };

const now = async () => held(await testDevice());

describe("a run", () => {
  test("has the same bits for the same seed, however often it reports", async () => {
    const first = await trained(base, SMALL_MOONS, settings);
    for (const reportEvery of [1, 5, 12, 100]) {
      const again = await trained(base, SMALL_MOONS, { ...settings, reportEvery });
      expect(again.losses).toEqual(first.losses);
      expect(stateOf(again.checkpoint)).toEqual(stateOf(first.checkpoint));
      const steps = Math.ceil(12 / reportEvery);
      expect(again.reports.map(({ step }) => step)).toEqual(
        Array.from({ length: steps }, (_, i) => Math.min(12, (i + 1) * reportEvery)),
      );
    }
    expect((await trained(base, SMALL_MOONS, { ...settings, seed: 1 })).losses).not.toEqual(first.losses);
    expect((await trained({ ...base, seed: 2 }, SMALL_MOONS, settings)).losses).not.toEqual(first.losses);
  });

  test("learns, and its density still has a mass of 1", async () => {
    using flow = cnf(await testDevice(), base);
    const { losses } = await trained(flow, SMALL_MOONS, { ...settings, steps: 60, batch: 32 });
    const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
    expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 10)) - 0.1);
    const { points, area } = grid2d(6, 100);
    const sum = (await flow.logProb(points)).reduce((total, value) => total + Math.exp(value), 0);
    expect(Math.abs(sum * area - 1)).toBeLessThan(0.01);
  });

  test("evaluates the held-out rows at the steps asked for, by the flow as it then is", async () => {
    const data = moons({ rows: 64, heldOut: 20 });
    for (const ema of [undefined, 0.5]) {
      const options = { ...settings, ema, reportEvery: 3, evaluateEvery: 4 };
      using flow = cnf(await testDevice(), base);
      const run = await trained(flow, data, options);
      // Reports come at every third step and at the evaluations.
      expect(run.reports.map(({ step, heldOut }) => [step, heldOut !== undefined])).toEqual([
        [3, false],
        [4, true],
        [6, false],
        [8, true],
        [9, false],
        [12, true],
      ]);
      // Looking changes nothing.
      const unseen = await trained(base, data, { ...options, evaluateEvery: 0 });
      expect(run.losses).toEqual(unseen.losses);
      expect(run.params).toEqual(unseen.params);
      const logProb = await flow.logProb(data.heldOut);
      const last = run.reports[5]!;
      expect(last.heldOut).toBeCloseTo(-logProb.reduce((sum, v) => sum + v, 0) / 20, 6);
      expect(last.kl).toBeCloseTo(klFromData(data, logProb).nats, 6);
    }
  });

  test("of 0 steps reports nothing and changes no parameter", async () => {
    using flow = cnf(await testDevice(), base);
    const before = await flow.params();
    const run = await trained(flow, SMALL_MOONS, { ...settings, steps: 0 });
    expect(run.reports).toEqual([]);
    expect(run.params).toEqual(before);
  });

  test("can be iterated over once", async () => {
    using flow = cnf(await testDevice(), base);
    const run = train(flow, SMALL_MOONS, { ...settings, steps: 1 });
    for await (const report of run) expect(report.step).toBe(1);
    await expect(run[Symbol.asyncIterator]().next()).rejects.toThrow(/iterated over once/);
  });

  test("lets the flow be used while it is under way", async () => {
    using flow = cnf(await testDevice(), base);
    const undisturbed = await trained(base, SMALL_MOONS, { ...settings, reportEvery: 4 });
    const losses: number[] = [];
    const run = train(flow, SMALL_MOONS, { ...settings, reportEvery: 4 });
    for await (const report of run) {
      losses.push(...report.losses);
      expect(stateOf(await run.checkpoint()).step).toBeGreaterThanOrEqual(report.step);
      const [logProb, samples] = await Promise.all([
        flow.logProb(SMALL_MOONS.points),
        flow.sample(5, { seed: report.step }),
      ]);
      expect([...logProb, ...samples].every(Number.isFinite)).toBe(true);
    }
    expect(losses).toEqual(undisturbed.losses);
  });
});

test("runs of two flows at the same time do not disturb each other", async () => {
  const alone = [
    await trained(base, SMALL_MOONS, settings),
    await trained({ ...base, seed: 2 }, SMALL_MOONS, settings),
  ];
  const together = await Promise.all([
    trained(base, SMALL_MOONS, settings),
    trained({ ...base, seed: 2 }, SMALL_MOONS, settings),
  ]);
  expect(together.map(({ losses, params }) => [losses, params])).toEqual(
    alone.map(({ losses, params }) => [losses, params]),
  );
});

describe("leaving a run", () => {
  test("by disposing of its flow rejects as disposed and frees its buffers", async () => {
    const before = await now();
    const flow = cnf(await testDevice(), base);
    const loop = async () => {
      for await (const _ of train(flow, SMALL_MOONS, { ...settings, steps: 1000 })) flow.dispose();
    };
    await expect(loop()).rejects.toMatchObject({ code: "disposed" });
    expect(await now()).toEqual(before);
  });

  test("by break frees its buffers and keeps what was learned", async () => {
    using flow = cnf(await testDevice(), base);
    await flow.params();
    const before = await now();
    const run = train(flow, SMALL_MOONS, { ...settings, steps: 1000 });
    for await (const report of run) if (report.step >= 20) break;
    expect(await now()).toEqual(before);
    const { step, trained: theta } = stateOf(await run.checkpoint());
    expect(step).toBeGreaterThanOrEqual(20);
    expect(theta.slice(0, PLANE.paramCount)).toEqual(await flow.params());
  });

  test("by a signal ends the loop without an error", async () => {
    using flow = cnf(await testDevice(), base);
    await flow.params();
    const before = await now();
    const stop = new AbortController();
    const steps: number[] = [];
    const run = train(flow, SMALL_MOONS, { ...settings, steps: 1000, signal: stop.signal });
    for await (const report of run) {
      steps.push(report.step);
      if (report.step === 20) stop.abort();
    }
    expect(steps).toEqual([10, 20]);
    expect(await now()).toEqual(before);
    using loaded = await loadFlow(await testDevice(), await run.checkpoint());
    expect(await loaded.params()).toEqual(await flow.params());
  });

  test("before it has begun is a run of no steps", async () => {
    using flow = cnf(await testDevice(), base);
    const before = await flow.params();
    const run = await trained(flow, SMALL_MOONS, { ...settings, signal: AbortSignal.abort() });
    expect(run.reports).toEqual([]);
    expect(run.params).toEqual(before);
    expect(stateOf(run.checkpoint).step).toBe(0);
  });

  test("by an error in the loop's body frees its buffers and lets the error through", async () => {
    using flow = cnf(await testDevice(), base);
    await flow.params();
    const before = await now();
    const loop = async () => {
      for await (const report of train(flow, SMALL_MOONS, settings))
        throw new Error(`mine, at ${report.step}`);
    };
    await expect(loop()).rejects.toThrow("mine, at 10");
    expect(await now()).toEqual(before);
  });
});

test("a thousand steps keep buffers and bytes flat, and read nothing but the reports", async () => {
  const device = await testDevice();
  using flow = cnf(device, {
    field: mlp({ dim: 2, hidden: [4], layer: "ignore" }),
    method: "euler",
    steps: 1,
  });
  const counts: (typeof before)[] = [];
  await flow.params();
  const before = device.stats();
  const heldBefore = held(device);
  const run = train(flow, SMALL_MOONS, { steps: 1000, batch: 16, reportEvery: 50 });
  for await (const _ of run) counts.push(device.stats());
  const first = counts[0]!;
  expect(counts).toHaveLength(20);
  for (const { buffers, bytes, pipelines } of counts) {
    expect({ buffers, bytes, pipelines }).toEqual({
      buffers: first.buffers,
      bytes: first.bytes,
      pipelines: first.pipelines,
    });
  }
  // Two reads a report, the ring and the state, and the five of the snapshot at the end at most.
  const { maps } = device.stats();
  expect(maps - before.maps).toBeLessThanOrEqual(2 * 20 + 5);
  expect(held(device)).toEqual(heldBefore);
}, 300_000);

test("a device that is lost during training ends the loop with DeviceLostError", async () => {
  const device = await openDevice({ gpu: (await openNodeGPU()).gpu });
  const flow = cnf(device, base);
  const run = train(flow, SMALL_MOONS, { ...settings, steps: 100_000 });
  let lostAt = Number.POSITIVE_INFINITY;
  const loop = async () => {
    for await (const report of run) {
      if (report.step < 20 || device.isLost) continue;
      device.gpu.destroy();
      lostAt = performance.now();
    }
  };
  await expect(loop()).rejects.toThrow(DeviceLostError);
  expect(performance.now() - lostAt).toBeLessThan(2000);
  await expect(flow.logProb(SMALL_MOONS.points)).rejects.toThrow(DeviceLostError);
  flow.dispose();
  // Most of the time goes into compiling every kernel once more, for the new device.
}, 300_000);
