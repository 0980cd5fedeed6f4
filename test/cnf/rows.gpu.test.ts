/** Rows of a call do not see each other: order, batch size, chunks, and other calls under way make no difference. */
import { describe, expect, test } from "vitest";
import { cnf } from "../../src/cnf/index.js";
import { mlp } from "../../src/field/mlp.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { bentField, scaling } from "./problems.js";

const { field, params } = bentField({ dim: 2, hidden: [6, 5] });
const fixed = { field, params, standardisation: scaling(2), method: "rk4", steps: 3 } as const;

function rows(values: Float32Array, order: readonly number[], dim = 2): Float32Array {
  return Float32Array.from(order.flatMap((row) => [...values.subarray(row * dim, (row + 1) * dim)]));
}

describe("in fixed steps, bit for bit", () => {
  const points = numbers(2 * 37, 31);
  const order = Array.from({ length: 37 }, (_, i) => (i * 10 + 3) % 37);

  test("permuted points have permuted results", async () => {
    using flow = cnf(await testDevice(), fixed);
    const { z, logDet } = await flow.transform(points);
    const permuted = await flow.transform(rows(points, order));
    expect(permuted.z).toEqual(rows(z, order));
    expect(permuted.logDet).toEqual(rows(logDet, order, 1));
    const logProb = await flow.logProb(points);
    expect(await flow.logProb(rows(points, order))).toEqual(rows(logProb, order, 1));
  });

  test("a point alone has the result that it has among others", async () => {
    using flow = cnf(await testDevice(), fixed);
    const logProb = await flow.logProb(points);
    const { x } = await flow.inverse(points);
    for (const row of [0, 20, 36]) {
      expect(await flow.logProb(rows(points, [row]))).toEqual(logProb.slice(row, row + 1));
      expect((await flow.inverse(rows(points, [row]))).x).toEqual(rows(x, [row]));
    }
  });

  test("calls at the same time do not disturb each other", async () => {
    using flow = cnf(await testDevice(), fixed);
    using other = cnf(await testDevice(), { ...fixed, steps: 2 });
    const work = () =>
      [
        () => flow.logProb(points),
        () => flow.sample(5, { seed: 3 }),
        () => other.logProb(points),
        () => flow.inverse(points).then(({ x }) => x),
        () => flow.trajectory(points, [0.5]).then(([frame]) => frame!),
        () => flow.params(),
      ] as const;
    const alone: Float32Array[] = [];
    for (const call of work()) alone.push(await call());
    expect(await Promise.all(work().map((call) => call()))).toEqual(alone);
  });

  // A tiny field is cut at 16,384 rows.
  test("more points than a chunk holds have the results of the parts", async () => {
    const tiny = mlp({ dim: 1, hidden: [2], layer: "ignore" });
    using flow = cnf(await testDevice(), { field: tiny, method: "euler", steps: 1 });
    const cut = 16_384;
    const many = numbers(cut + 3, 32);
    const progress: [number, number][] = [];
    const all = await flow.logProb(many, { onProgress: (done, total) => progress.push([done, total]) });
    expect(progress).toEqual([
      [cut, cut + 3],
      [cut + 3, cut + 3],
    ]);
    expect(all.slice(0, cut)).toEqual(await flow.logProb(many.slice(0, cut)));
    expect(all.slice(cut)).toEqual(await flow.logProb(many.slice(cut)));
    const frames = await flow.trajectory(many, [1, 0]);
    expect(frames[1]!.slice(cut)).toEqual((await flow.trajectory(many.slice(cut), [1, 0]))[1]!);
    expect((await flow.sample(cut + 3)).length).toBe(cut + 3);
  });

  // An exact trace carries 160 tangents: fewer rows than points fit the memory set aside for activations.
  test("a wide field with an exact trace is cut to what fits, with the same results", async () => {
    const dim = 160;
    const wide = mlp({ dim, hidden: [1], layer: "concat" });
    using flow = cnf(await testDevice(), { field: wide, method: "euler", steps: 1 });
    const n = 400;
    const points = numbers(n * dim, 33);
    const ends: number[] = [];
    const all = await flow.logProb(points, { onProgress: (done) => ends.push(done) });
    expect(ends.length).toBeGreaterThan(1);
    expect(ends[ends.length - 1]).toBe(n);
    for (const row of [0, ends[0]! - 1, ends[0]!, n - 1]) {
      expect(await flow.logProb(rows(points, [row], dim))).toEqual(all.slice(row, row + 1));
    }
  });
});

test("in adaptive steps a point alone is within the tolerance of itself among others", async () => {
  using flow = cnf(await testDevice(), { field, params, rtol: 1e-5, atol: 1e-5 });
  const points = numbers(2 * 9, 34);
  const together = await flow.logProb(points);
  for (const row of [0, 8]) {
    const [alone] = await flow.logProb(rows(points, [row]));
    // 20 rtol, relative to 1 + |log p|.
    expect(Math.abs(alone! - together[row]!)).toBeLessThan(2e-4 * (1 + Math.abs(alone!)));
  }
});

test("Hutchinson's probes of a later chunk are not those of the first", async () => {
  // tr of a Jacobian with equal off-diagonals: each probe gives one of two values, by the sign of ε₁ε₂.
  const linear = mlp({ dim: 2, hidden: [2], layer: "ignore", activation: "identity" });
  const theta = new Float32Array([1, 0, 0, 1, 0, 0, 0, 0.25, 0.25, 0, 0, 0]);
  using flow = cnf(await testDevice(), { field: linear, params: theta, method: "euler", steps: 1 });
  const cut = 16_384;
  const trace = { kind: "hutchinson", seed: 1 } as const;
  const { logDet } = await flow.transform(new Float32Array(2 * (cut + 64)), { trace });
  expect(new Set(logDet)).toEqual(new Set([0.5, -0.5]));
  expect(logDet.slice(cut)).not.toEqual(logDet.slice(0, 64));
});

test("statistics of a call are those of its solve", async () => {
  using flow = cnf(await testDevice(), { field, params, rtol: 1e-4, atol: 1e-4 });
  expect(flow.lastStats).toBeUndefined();
  await flow.logProb(numbers(6, 35));
  const { accepted, nfe } = flow.lastStats!;
  expect(accepted).toBeGreaterThan(1);
  // dopri5 reuses its last stage: six evaluations a step.
  expect(nfe).toBeGreaterThanOrEqual(6 * accepted);
});
