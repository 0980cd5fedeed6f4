/** Which tile the fused kernels take, by measurement. */
import { describe, expect, test } from "vitest";
import { cnf } from "../../src/cnf/index.js";
import { initialParams, mlp } from "../../src/field/mlp.js";
import { Weights } from "../../src/field/weights.js";
import type { CalibrationStore } from "../../src/gpu/calibration-store.js";
import { Device } from "../../src/gpu/device.js";
import { FusedForward } from "../../src/ode/fused-forward.js";
import { type FusedShape, fittingTiles, forwardShape } from "../../src/ode/fused-plan.js";
import { tileTrial, usualLayout } from "../../src/ode/layout.js";
import { stepPlan } from "../../src/ode/plan.js";
import { chooseTile, readTrial, rowsOf, type Timed, triedTile } from "../../src/ode/tile-trial.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";

const never = new Promise<never>(() => {});

describe("of 16 and 8 rows a workgroup", () => {
  /** Tiles whose bursts take these milliseconds in turn, and which of them were disposed. */
  function stand(bursts: Record<number, readonly (number | "fails" | "hangs")[]>) {
    const disposed: number[] = [];
    const prepare = async (tile: number): Promise<Timed> => {
      let round = 0;
      if (bursts[tile]!.length === 0) throw new Error("It does not compile.");
      const time = async () => {
        const next = bursts[tile]![round++]!;
        if (next === "fails") throw new Error("It was lost.");
        return next === "hangs" ? never : next;
      };
      return { time, dispose: () => void disposed.push(tile) };
    };
    return { prepare, disposed };
  }

  test.each([
    ["clearly faster", { 16: [2, 2, 2], 8: [1.8, 9, 1.7] }, 8, [2, 1.8]],
    ["hardly faster: the usual one", { 16: [2, 2, 2], 8: [1.9, 1.9, 1.9] }, 16, [2, 1.9]],
    ["one that does not compile", { 16: [2, 2, 2], 8: [] }, 16, [2]],
    ["the usual one fails on the way", { 16: [2, "fails"], 8: [5, 5, 5] }, 8, [5]],
    ["neither runs", { 16: [], 8: ["fails"] }, 16, []],
    ["time is up in the first round", { 16: [2], 8: ["hangs"] }, 16, []],
    ["time is up later", { 16: [2, "hangs"], 8: [1] }, 8, [2, 1]],
  ] as const)("%s", async (_, bursts, tile, times) => {
    const { prepare, disposed } = stand(bursts);
    const trial = await chooseTile([16, 8], prepare, 50);
    expect(trial.tile).toBe(tile);
    expect(trial.times.map((one) => one.milliseconds)).toEqual(times);
    const made = [16, 8].filter((one) => bursts[one as 8 | 16].length > 0);
    expect([...disposed].sort()).toEqual([...made].sort());
  });

  test("compiling for longer than the budget ends the trial; what comes late is disposed", async () => {
    let arrive = (_: Timed) => {};
    const asked: number[] = [];
    const start = performance.now();
    const trial = await chooseTile(
      [16, 8],
      (tile) => {
        asked.push(tile);
        return new Promise((resolve) => {
          arrive = resolve;
        });
      },
      20,
    );
    expect(trial).toEqual({ tile: 16, times: [] });
    expect(asked).toEqual([16]);
    // A machine that is busy elsewhere may wake this late; hanging would take for ever.
    expect(performance.now() - start).toBeLessThan(5000);
    const late = await new Promise((dispose) =>
      arrive({ time: () => never, dispose: () => dispose("disposed") }),
    );
    expect(late).toBe("disposed");
  });
});

test.each([undefined, "null", "{}", '{"tile":4,"times":[]}', '{"tile":8,"times":[{"tile":8}]}'])(
  "%j is no trial",
  (text) => expect(readTrial(text, [16, 8])).toBeUndefined(),
);

const { spec } = mlp({ dim: 1, hidden: [4], layer: "concat" });
const plan = stepPlan({ method: "euler", steps: 2 });
const BATCH = 20;
const trace = { kind: "exact", probes: 1, weight: 1, seed: 0 } as const;

/** The tests' GPU as an adapter that is no software, and what its store holds. */
async function hardware(description: string, contents = new Map<string, string>()) {
  const { gpu, adapter } = await testDevice();
  const calibration: CalibrationStore = {
    read: async (key) => contents.get(key),
    write: async (key, text) => void contents.set(key, text),
  };
  const own = { ...adapter, description, isSoftware: false, subgroupSize: undefined };
  return { device: new Device(gpu, own, { calibration }), contents };
}

test("on a GPU they are timed once, remembered, and the solve is the same", async () => {
  const { device, contents } = await hardware("trial");
  const weights = await Weights.create(device, spec, initialParams(spec, 3));
  const shape = forwardShape(weights.packing, { batch: BATCH, plan, trace }, 0);
  expect(fittingTiles(shape)).toEqual([16, 8]);
  // An emulation compiles for longer than a trial may take.
  const [one, other] = await Promise.all([1, 2].map(() => triedTile(device, weights, shape, 50_000)));
  expect(other).toBe(one);
  expect(one!.times.map(({ tile }) => tile)).toEqual([16, 8]);
  expect([16, 8]).toContain(one!.tile);
  expect([...contents.values()].map((text) => readTrial(text, [16, 8]))).toEqual([one]);

  const { dispatches } = device.stats();
  expect(await usualLayout(device, "fused", shape, weights)).toEqual({
    path: "fused",
    form: "block",
    tile: one!.tile,
    spill: false,
  });
  expect(device.stats().dispatches).toBe(dispatches);

  const ends: Float32Array[] = [];
  for (const tile of [16, one!.tile === 16 ? 8 : one!.tile]) {
    const solve = await FusedForward.create(device, weights, { batch: BATCH, plan, trace, tiling: { tile } });
    device.write(solve.state, numbers(BATCH, 5));
    device.write(solve.interval, new Float32Array([0, 1]));
    const { begin, at } = solve.steps();
    device.run([...begin, ...at(0)]);
    ends.push(await device.readF32(solve.state.words(0, BATCH)));
    solve.dispose();
  }
  // Other orders of sums of a few f32 terms near 1.
  expect(Math.max(...ends[0]!.map((z, i) => Math.abs(z - ends[1]![i]!)))).toBeLessThan(2e-5);
  expect(ends[0]!.some((z) => Math.abs(z) > 0.1)).toBe(true);
  weights.dispose();
});

test("a remembered choice is taken and told without a trial; none where nothing may be measured", async () => {
  const text = JSON.stringify({
    tile: 8,
    times: [
      { tile: 16, milliseconds: 0.31 },
      { tile: 8, milliseconds: 0.2 },
    ],
  });
  const remembered = { get: () => text } as unknown as Map<string, string>;
  const { device } = await hardware("remembered", remembered);
  const weights = await Weights.create(device, spec, initialParams(spec, 3));
  const shape = (batch: number, width = 4): FusedShape => {
    const { packing } = weights;
    const layers = packing.layers.map((layer) => ({ ...layer, outPadded: width }));
    return forwardShape({ ...packing, layers }, { batch, plan, trace }, 0);
  };
  const { dispatches } = device.stats();
  expect(await usualLayout(device, "fused", shape(BATCH), weights)).toMatchObject({ tile: 8 });
  expect(device.stats().dispatches).toBe(dispatches);
  expect(await tileTrial(device, shape(BATCH, 128), weights)).toMatch(/no other fits/);
  expect(await tileTrial(await testDevice(), shape(BATCH), weights)).toMatch(/without calibration/);
  const { gpu, adapter } = device;
  const software = new Device(gpu, { ...adapter, isSoftware: true });
  expect(await tileTrial(software, shape(BATCH), weights)).toMatch(/software adapters/);
  // Nearby batches share a trial, and it stays short.
  expect([1, 65, 300, 1e6].map((batch) => rowsOf(shape(batch)))).toEqual([64, 256, 1024, 4096]);
  weights.dispose();
});

test("explain tells what was timed", async () => {
  const times = [16, 8].map((tile) => ({ tile, milliseconds: tile / 80 }));
  const text = JSON.stringify({ tile: 8, times });
  const { device } = await hardware("told", {
    get: (key: string) =>
      key.includes("euler")
        ? text
        : '{"launch":0.02,"rate":5e5,"form":"block","spent":80,"measuredAt":1.7e12}',
  } as unknown as Map<string, string>);
  using flow = cnf(device, {
    field: mlp({ dim: 1, hidden: [4], layer: "concat" }),
    method: "euler",
    steps: 2,
  });
  const told = await flow.explain({ batch: BATCH });
  expect(told.text).toMatch(
    /\nfused, blocks, 8 rows a workgroup, chosen by the time of a step: 0\.2 ms with 16, 0\.1 ms with 8: /,
  );
  expect(told.costs[1]).toMatchObject({ tile: 8, tiles: { tile: 8, times } });
});
