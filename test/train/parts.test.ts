/** How training goes into submissions: several short steps in one, a long step in several, with the same bits. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { cnf } from "../../src/cnf/index.js";
import { mlp } from "../../src/field/mlp.js";
import { Device } from "../../src/gpu/device.js";
import { type Command, clear } from "../../src/gpu/submit.js";
import { type TrainOptions, train } from "../../src/train/index.js";
import { joinParts, light } from "../../src/train/parts.js";
import { testDevice } from "../support/device.js";
import { SMALL_MOONS, stateOf, trained } from "./problems.js";

const PLANE = mlp({ dim: 2, hidden: [16, 16], layer: "concat_first" });
const BATCH = 32;
/** One Runge–Kutta step of it with a probe, in multiply-adds: rows of W and x are padded to fours. */
const RK_STEP = 4 * 2 * BATCH * (4 * 16 + 16 * 16 + 16 * 4);
const solver = { method: "rk4", steps: 4 } as const;
const options = { batch: BATCH, trace: { kind: "hutchinson" }, schedule: "constant" } as const;

/** Around the GPU of the tests, by bound. */
const devices = new Map<number, Device>();

async function deviceWith(workPerSubmit: number): Promise<Device> {
  const { gpu, adapter } = await testDevice();
  const device =
    devices.get(workPerSubmit) ?? new Device(gpu, adapter, { calibration: "off", workPerSubmit });
  devices.set(workPerSubmit, device);
  return device;
}

async function run(workPerSubmit: number, path: "fused" | "layered", rest: Partial<TrainOptions>) {
  const device = await deviceWith(workPerSubmit);
  const before = device.stats().submits;
  using flow = cnf(device, { field: PLANE, seed: 1, path, ...solver });
  const { losses, checkpoint } = await trained(flow, SMALL_MOONS, { ...options, steps: 3, ...rest });
  return { losses, state: stateOf(checkpoint), submits: device.stats().submits - before };
}

describe("parts", () => {
  const [a, b, c, d, e] = Array.from({ length: 5 }, () => clear({} as never)) as Command[];

  test("are joined up to a bound, and keep their order", () => {
    const parts = [light([a!]), { commands: [b!, c!], work: 3 }, { commands: [d!], work: 2 }, light([e!])];
    const joined = (most: number) =>
      joinParts(parts, most).map(({ commands, work }) => [commands.length, work]);
    expect(joined(5)).toEqual([[5, 5]]);
    expect(joined(4)).toEqual([
      [3, 3],
      [2, 2],
    ]);
    expect(joined(1)).toEqual(joined(4));
    expect(joinParts(parts, 1).flatMap(({ commands }) => commands)).toEqual([a, b, c, d, e]);
  });
});

describe("a step of more work than a submission may have", () => {
  test.each(["fused", "layered"] as const)("%s: takes several, with the same bits", async (path) => {
    const whole = await run(Number.POSITIVE_INFINITY, path, {});
    expect(whole.losses.every(Number.isFinite)).toBe(true);
    const each = await run(1, path, {});
    expect(each.losses).toEqual(whole.losses);
    expect(each.state).toEqual(whole.state);
    // Four steps forward and four back; the rest of a training step goes with them.
    expect(each.submits - whole.submits).toBe(3 * 7);
    // A bound that does not divide: three steps, then one.
    const some = await run(3 * RK_STEP, path, {});
    expect(some.state).toEqual(whole.state);
    expect(some.submits).toBeGreaterThan(whole.submits);
    expect(some.submits).toBeLessThan(each.submits);
  });

  test("by flow matching likewise: layer by layer, a group of rows at one time in each", async () => {
    const matching = async (workPerSubmit: number) => {
      const device = await deviceWith(workPerSubmit);
      const before = device.stats().submits;
      // Five hidden layers are more than the fused kernels take.
      const field = mlp({ dim: 2, hidden: [4, 4, 4, 4, 4] });
      using flow = cnf(device, { field, seed: 1, ...solver });
      const warmStart = { steps: 3, batch: 100 };
      const { losses, checkpoint } = await trained(flow, SMALL_MOONS, { ...options, steps: 0, warmStart });
      return { losses, state: stateOf(checkpoint), submits: device.stats().submits - before };
    };
    const whole = await matching(Number.POSITIVE_INFINITY);
    const split = await matching(1);
    expect(split.losses).toHaveLength(3);
    expect(split.losses).toEqual(whole.losses);
    expect(split.state).toEqual(whole.state);
    // 100 rows are four groups.
    expect(split.submits - whole.submits).toBe(3 * 3);
  });

  test("is whole or not begun wherever a run is looked at or stopped", async () => {
    const device = await deviceWith(1);
    using flow = cnf(device, { field: PLANE, seed: 1, path: "fused", ...solver });
    const stop = new AbortController();
    const stopped = train(flow, SMALL_MOONS, { ...options, steps: 100, reportEvery: 2, signal: stop.signal });
    let onTheWay: Uint8Array | undefined;
    for await (const _ of stopped) {
      onTheWay = await stopped.checkpoint();
      stop.abort();
    }
    for (const checkpoint of [onTheWay!, await stopped.checkpoint()]) {
      const state = stateOf(checkpoint);
      const whole = await run(Number.POSITIVE_INFINITY, "fused", { steps: state.step });
      expect(state.step).toBeGreaterThanOrEqual(2);
      expect(state).toEqual(whole.state);
    }
  });
});

describe("short steps share a submission", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Submissions of the third report's eight steps, which are sent knowing how long the first's took. */
  async function submits(workPerSubmit: number, msPerLook: number): Promise<number> {
    const device = await deviceWith(workPerSubmit);
    using flow = cnf(device, { field: PLANE, seed: 1, path: "fused", ...solver });
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      now += msPerLook;
      return now;
    });
    const counts: number[] = [];
    for await (const _ of train(flow, SMALL_MOONS, { ...options, steps: 24, reportEvery: 8 })) {
      // Reads are submissions, too, but not of steps.
      const { submits: all, maps } = device.stats();
      counts.push(all - maps);
    }
    vi.restoreAllMocks();
    expect(counts).toHaveLength(3);
    return counts[1]! - counts[0]!;
  }

  test("as many as fit the time of one, by the time they were seen to take", async () => {
    // A clock that hardly moves; one by which a step takes a tenth of a second; one of 30 ms.
    expect(await submits(Number.POSITIVE_INFINITY, 1e-3)).toBe(1);
    expect(await submits(Number.POSITIVE_INFINITY, 800)).toBe(8);
    expect(await submits(Number.POSITIVE_INFINITY, 240)).toBe(3);
  });

  test("but no more than their work allows", async () => {
    // Forward, and twice that back: the activations are on the tape. Three steps and a half.
    expect(await submits(3.5 * 3 * 4 * RK_STEP, 1e-3)).toBe(3);
  });
});
