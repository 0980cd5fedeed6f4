/** The clock of the benchmark, on engines that only pretend to take time. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CallCounter } from "../../src/bench/calls.js";
import { isEntry } from "../../src/bench/report.js";
import { type Candidate, compare, spread } from "../../src/bench/timing.js";

test("a spread of odd and even counts", () => {
  expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  expect(spread([4, 1, 2, 9])).toEqual({ median: 3, min: 1, max: 9 });
  expect(() => spread([])).toThrow(RangeError);
});

describe("compare", () => {
  let now = 0;
  let log: string[] = [];
  beforeEach(() => {
    now = 0;
    log = [];
    vi.spyOn(performance, "now").mockImplementation(() => now);
  });
  afterEach(() => vi.restoreAllMocks());

  class Device {
    createBuffer(descriptor: { size: number }) {
      return { size: descriptor.size };
    }
  }
  const scope = { GPUDevice: Device as never };

  /** Every part of a call takes `ms`; a call makes two buffers, and a burst one more for its result. */
  function engine(name: string, ms: number, peer?: Candidate["peer"]): Candidate {
    return {
      name,
      peer,
      operations: 1e6,
      prepare: async (parts) => ({
        warm: async () => {},
        burst: async (calls) => {
          log.push(name);
          now += calls * parts * ms;
          for (let i = 0; i < 2 * calls + 1; i++) new Device().createBuffer({ size: 4 });
        },
        dispose: () => {
          log.push(`${name} disposed`);
        },
      }),
    };
  }

  async function run(candidates: readonly Candidate[], parts: number, repeats = 5) {
    const counter = new CallCounter(scope);
    try {
      return await compare(candidates, { repeats, parts, counter, say: () => {} });
    } finally {
      counter.remove();
    }
  }

  test("engines take turns, and a burst's reading is not counted as the calls'", async () => {
    const [a, b] = await run([engine("a", 1), engine("b", 100)], 8);
    const timed = log.filter((entry) => !entry.includes("disposed")).slice(-10);
    expect(timed).toEqual(["a", "b", "a", "b", "a", "b", "a", "b", "a", "b"]);
    expect(log.slice(-2)).toEqual(["a disposed", "b disposed"]);
    // 8 parts of 1 ms; 250 ms hold 31 calls.
    expect(a).toMatchObject({
      ms: { median: 8, min: 8, max: 8 },
      repeats: 5,
      callsPerRepeat: 31,
      buffersCreated: 2,
    });
    expect(b).toMatchObject({ ms: { median: 800 }, callsPerRepeat: 1, buffersCreated: 2 });
    expect(a).toHaveProperty("gflops", 1e6 / 8 / 1e6);
    expect(a).not.toHaveProperty("scaledBy");
  });

  test("calls over 5 s get three repeats, and of those over 30 s one part is timed and scaled", async () => {
    const [long, longer] = await run([engine("long", 700), engine("longer", 4000)], 8);
    expect(long).toMatchObject({ ms: { median: 5600 }, repeats: 3, callsPerRepeat: 1 });
    expect(longer).toMatchObject({ ms: { median: 32_000 }, repeats: 5, scaledBy: 8 });
  });

  test("of long parts only ours and what comes near the best peer are repeated", async () => {
    const ours = {
      ...engine("ours", 30_000),
      allocate: async () => void new Device().createBuffer({ size: 1000 }),
    };
    const [mine, best, near, far, wasm] = await run(
      [
        ours,
        engine("best", 10_000, "webgpu"),
        engine("near", 19_000, "webgpu"),
        engine("far", 21_000, "webgpu"),
        engine("wasm", 6000, "wasm"),
      ],
      8,
    );
    expect([mine, best, near, far, wasm]).toMatchObject([3, 3, 3, 1, 1].map((repeats) => ({ repeats })));
    // The far one: a call that compiles, and the one that is timed and counted, with its reading.
    expect(log.filter((name) => name === "far")).toHaveLength(2);
    expect(far).toMatchObject({ ms: { median: 168_000 }, buffersCreated: 3, scaledBy: 8, peakOfPart: true });
    // Ours tells the memory of a whole call.
    expect(mine).toMatchObject({ peakBytes: 1000 });
    expect(mine).not.toHaveProperty("peakOfPart");
  });

  test("an engine without room for a whole call is timed by a part", async () => {
    const [entry] = await run([{ ...engine("small", 100, "wasm"), partOnly: true }], 8);
    expect(entry).toMatchObject({ ms: { median: 800 }, scaledBy: 8, repeats: 5 });
  });

  test("an engine that fails is told apart, and the others go on", async () => {
    const broken: Candidate = { name: "broken", prepare: () => Promise.reject(new Error("no adapter")) };
    const [first, second] = await run([broken, engine("b", 100)], 1);
    expect(first).toEqual(new Error("no adapter"));
    expect(second instanceof Error || isEntry(second!)).toBe(true);
    expect(second).toMatchObject({ ms: { median: 100 } });
  });
});
