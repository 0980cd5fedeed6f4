/** What a flow refuses, what it takes as nothing to do, and what happens to calls after and during its end. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type CnfOptions, cnf } from "../../src/cnf/index.js";
import { mlp } from "../../src/field/mlp.js";
import { ArgumentError, DataError, FjordError } from "../../src/gpu/errors.js";
import { held, testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";

const field = mlp({ dim: 2, hidden: [4] });
const base: CnfOptions = { field, method: "rk4", steps: 2 };
const none = new Float32Array();

describe("an option out of its range is an ArgumentError that names it", () => {
  test.each<[string, Partial<CnfOptions>, RegExp]>([
    ["T of 0", { T: 0 }, /T is 0\./],
    ["T below 0", { T: -1 }, /T is -1\./],
    ["T of NaN", { T: Number.NaN }, /T is NaN\./],
    ["an infinite T", { T: Number.POSITIVE_INFINITY }, /T is Infinity\./],
    ["a fraction as seed", { seed: 0.5 }, /seed is 0\.5\./],
    ["0 steps", { steps: 0 }, /steps is 0\./],
    ["an unknown method", { method: "rk5" as "rk4" }, /"rk5".*rk4/],
    ["rtol of 0", { steps: undefined, method: "dopri5", rtol: 0 }, /rtol is 0\./],
    ["adaptive rk4", { steps: undefined }, /rk4 has no error estimate/],
    ["too few params", { params: new Float32Array(3) }, /params has 3 entries/],
    [
      "a scaling of another dimension",
      { standardisation: { mean: new Float32Array(3), std: new Float32Array(3).fill(1) } },
      /3 columns/,
    ],
    [
      "a standard deviation of 0",
      { standardisation: { mean: new Float32Array(2), std: new Float32Array([1, 0]) } },
      /standardisation\.std\[1\] is 0\./,
    ],
  ])("%s", async (_, options, message) => {
    const device = await testDevice();
    const { buffers } = device.stats();
    expect(() => cnf(device, { ...base, ...options })).toThrow(ArgumentError);
    expect(() => cnf(device, { ...base, ...options })).toThrow(message);
    expect(device.stats().buffers).toBe(buffers);
  });

  test("a tolerance below the f32 floor is a warning", async () => {
    using flow = cnf(await testDevice(), { field, rtol: 1e-9 });
    expect(flow.warnings).toEqual([expect.stringMatching(/rtol 1e-9.*0\.000001/)]);
    expect(cnf(await testDevice(), base).warnings).toEqual([]);
  });
});

describe("points that cannot be used", () => {
  test("NaN and infinity are a DataError with the row", async () => {
    using flow = cnf(await testDevice(), base);
    const points = numbers(8, 41);
    points[5] = Number.NaN;
    await expect(flow.logProb(points)).rejects.toThrow(DataError);
    await expect(flow.logProb(points)).rejects.toThrow(/NaN at row 2, column 1/);
    points[5] = Number.POSITIVE_INFINITY;
    await expect(flow.transform(points)).rejects.toThrow(/Infinity at row 2/);
    await expect(flow.inverse(points)).rejects.toThrow(/z holds Infinity at row 2/);
    await expect(flow.trajectory(points, [0])).rejects.toThrow(DataError);
  });

  test("a length that is no multiple of D is an ArgumentError", async () => {
    using flow = cnf(await testDevice(), base);
    await expect(flow.logProb(numbers(3))).rejects.toThrow(/points has 3 entries.*\[n, 2\]/);
    await expect(flow.inverse(numbers(3))).rejects.toThrow(ArgumentError);
    await expect(flow.trajectory(numbers(3), [0])).rejects.toThrow(ArgumentError);
  });

  test.each([-0.1, 1.01, Number.NaN])("time %d of a trajectory is refused", async (time) => {
    using flow = cnf(await testDevice(), base);
    await expect(flow.trajectory(numbers(2), [0.5, time])).rejects.toThrow(`times holds ${time}.`);
    await expect(flow.logProb(numbers(2), { at: time })).rejects.toThrow(`at is ${time}.`);
  });

  test.each([-1, 0.5, Number.NaN])("%d samples are refused", async (n) => {
    using flow = cnf(await testDevice(), base);
    await expect(flow.sample(n)).rejects.toThrow(`n is ${n}.`);
    await expect(flow.sample(1, { seed: -1 })).rejects.toThrow("seed is -1.");
  });

  test("a trace that does not fit is an ArgumentError, and the flow works on", async () => {
    using flow = cnf(await testDevice(), base);
    const points = numbers(4);
    const epsilon = new Float32Array(3);
    await expect(flow.logProb(points, { trace: { kind: "hutchinson", epsilon } })).rejects.toThrow(
      /trace\.epsilon has 3 entries/,
    );
    const unknown = { kind: "exactly" } as unknown as { kind: "exact" };
    await expect(flow.logProb(points, { trace: unknown })).rejects.toThrow(/trace\.kind is "exactly"/);
    expect(await flow.logProb(points)).toHaveLength(2);
  });

  test("params of another length are refused and leave those there were", async () => {
    using flow = cnf(await testDevice(), base);
    const before = await flow.params();
    await expect(flow.setParams(new Float32Array(1))).rejects.toThrow(ArgumentError);
    expect(await flow.params()).toEqual(before);
    await flow.setParams(before.map((v) => v / 2));
    expect(await flow.params()).toEqual(before.map((v) => v / 2));
  });
});

test("no points are empty results", async () => {
  using flow = cnf(await testDevice(), base);
  expect(await flow.logProb(none)).toEqual(none);
  expect(await flow.transform(none)).toEqual({ z: none, logDet: none });
  expect(await flow.inverse(none)).toEqual({ x: none, logDet: none });
  expect(await flow.sample(0)).toEqual(none);
  expect(await flow.trajectory(none, [0, 1])).toEqual([none, none]);
  expect(await flow.trajectory(numbers(2), [])).toEqual([]);
});

test("a solve that leaves the range of f32 is an error that says so, and the flow works on", async () => {
  const linear = mlp({ dim: 1, hidden: [1], layer: "ignore", activation: "square" });
  // f = z²: 4 blows up at t = 1/4.
  const params = new Float32Array([1, 0, 1, 0]);
  using flow = cnf(await testDevice(), { field: linear, params, method: "dopri5", maxSteps: 300 });
  await expect(flow.logProb(new Float32Array([4]))).rejects.toMatchObject({ code: "solve-failed" });
  await expect(flow.logProb(new Float32Array([4]))).rejects.toThrow(/Rows 0 to 0/);
  const [value] = await flow.logProb(new Float32Array([-1]));
  // −1 goes to −1/(1 + t): −1/2 at 1, with log |∂z/∂x| = −2 ln 2.
  expect(Math.abs(value! - (-0.125 - 2 * Math.LN2 - 0.5 * Math.log(2 * Math.PI)))).toBeLessThan(2e-4);
});

describe("aborting", () => {
  test("before a call: it rejects as aborted and the next call works", async () => {
    using flow = cnf(await testDevice(), base);
    const signal = AbortSignal.abort("enough");
    await expect(flow.logProb(numbers(4), { signal })).rejects.toMatchObject({ code: "aborted" });
    await expect(flow.sample(2, { signal })).rejects.toMatchObject({ code: "aborted", cause: "enough" });
    expect(await flow.logProb(numbers(4))).toHaveLength(2);
  });

  test("between chunks", async () => {
    const tiny = mlp({ dim: 1, hidden: [2] });
    using flow = cnf(await testDevice(), { field: tiny, method: "euler", steps: 1 });
    const stop = new AbortController();
    const ends: number[] = [];
    const call = flow.logProb(new Float32Array(3 * 16_384), {
      signal: stop.signal,
      onProgress: (done) => {
        ends.push(done);
        stop.abort();
      },
    });
    await expect(call).rejects.toMatchObject({ code: "aborted" });
    expect(ends).toEqual([16_384]);
  });
});

describe("dispose", () => {
  // Uniform blocks are kept for the life of the device: made here, so that the counts below are of flows alone.
  beforeAll(async () => {
    for (const options of [base, { field, rtol: 1e-5 }]) {
      using flow = cnf(await testDevice(), options);
      for (const n of [4, 7, 40]) await flow.logProb(numbers(2 * n));
      await flow.logProb(numbers(4));
      await flow.sample(3);
      await flow.sample(7);
      await flow.trajectory(numbers(4), [0]);
    }
  });

  test("frees everything, twice is once, and calls after it are refused", async () => {
    const device = await testDevice();
    const before = held(device);
    const flow = cnf(device, base);
    await flow.logProb(numbers(4));
    await flow.sample(3);
    await flow.trajectory(numbers(4), [0]);
    expect(held(device).buffers).toBeGreaterThan(before.buffers);
    flow.dispose();
    flow.dispose();
    for (const call of [
      () => flow.logProb(numbers(4)),
      () => flow.sample(3),
      () => flow.params(),
      () => flow.T(),
      () => flow.save(),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "disposed" });
    }
    expect(held(device)).toEqual(before);
  });

  test("a flow never used has nothing to free", async () => {
    const device = await testDevice();
    const { buffers } = device.stats();
    const flow = cnf(device, base);
    flow.dispose();
    expect(device.stats().buffers).toBe(buffers);
    await expect(flow.T()).rejects.toThrow(FjordError);
  });

  test.each([0, 1, 5, 20])(
    "during calls, %i turns in: they settle, and everything is freed",
    async (turns) => {
      const device = await testDevice();
      const before = held(device);
      const flow = cnf(device, { field, rtol: 1e-5 });
      const calls = [flow.logProb(numbers(40)), flow.sample(7), flow.transform(numbers(8))];
      for (let i = 0; i < turns; i++) await Promise.resolve();
      flow.dispose();
      for (const result of await Promise.allSettled(calls)) {
        if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "disposed" });
      }
      await device.finished();
      expect(held(device)).toEqual(before);
    },
  );

  test("while memory is being made for a call: the call rejects, and everything is freed", async () => {
    const device = await testDevice();
    const before = held(device);
    const flow = cnf(device, base);
    await flow.params();
    const allocate = device.allocate.bind(device);
    const spy = vi.spyOn(device, "allocate").mockImplementation(async (what, create) => {
      const made = await allocate(what, create);
      flow.dispose();
      return made;
    });
    try {
      await expect(flow.logProb(numbers(4))).rejects.toMatchObject({ code: "disposed" });
    } finally {
      spy.mockRestore();
    }
    expect(held(device)).toEqual(before);
  });

  test("many shapes one after the other keep a bounded number of solves", async () => {
    const device = await testDevice();
    using flow = cnf(device, base);
    const counts: number[] = [];
    // The first round may open a page of uniforms, which are kept by value; the second finds all of them.
    for (let i = 0; i < 24; i++) {
      await flow.logProb(numbers(2 * ((i % 12) + 1)));
      counts.push(device.stats().buffers);
    }
    expect(counts.slice(12)).toEqual(new Array(12).fill(counts[12]));
  });
});
