/** Reductions along every axis and of everything, against float64. */
import { beforeAll, describe, expect, test } from "vitest";
import { reduce as reduceKernel } from "../../src/generated/tensor/reduce.js";
import type { Device } from "../../src/gpu/device.js";
import { foldedGrid } from "../../src/gpu/submit.js";
import { max, mean, norm, sum, type Tensor, tensor, zeros } from "../../src/tensor/index.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";

let device: Device;
beforeAll(async () => {
  device = await testDevice();
});

const ops: {
  name: string;
  op: (x: Tensor, axis?: number) => Promise<Tensor>;
  truth: (x: number[]) => number;
}[] = [
  { name: "sum", op: sum, truth: (x) => x.reduce((s, v) => s + v, 0) },
  { name: "mean", op: mean, truth: (x) => x.reduce((s, v) => s + v, 0) / x.length },
  { name: "max", op: max, truth: (x) => x.reduce((s, v) => Math.max(s, v), Number.NEGATIVE_INFINITY) },
  { name: "norm", op: norm, truth: (x) => Math.sqrt(x.reduce((s, v) => s + v * v, 0)) },
];

/** The runs of entries along `axis`, one for each entry of the result. */
function runsOf(data: Float32Array, shape: readonly number[], axis: number): number[][] {
  const inner = shape.slice(axis + 1).reduce((s, v) => s * v, 1);
  const outer = shape.slice(0, axis).reduce((s, v) => s * v, 1);
  const n = shape[axis]!;
  return Array.from({ length: outer * inner }, (_, r) => {
    const start = Math.floor(r / inner) * n * inner + (r % inner);
    return Array.from({ length: n }, (_, i) => data[start + i * inner]!);
  });
}

// Lengths around the runs of 64 and 4,096, and some that need two passes and three.
const shapes = [
  [1],
  [5],
  [64],
  [65],
  [127],
  [4096],
  [4097],
  [70_001],
  [3, 5],
  [2, 300],
  [130, 2],
  [4200, 3],
  [2, 3, 4],
  [3, 65, 2],
  [2, 3, 4, 5],
  [2, 67, 3, 70],
];

describe.each(ops)("$name", ({ name, op, truth }) => {
  test.each(shapes.map((shape) => ({ shape })))("$shape", async ({ shape }) => {
    const data = numbers(
      shape.reduce((s, v) => s * v, 1),
      5,
    ).map((v) => v - 0.3);
    using x = tensor(device, data, shape);
    const wholeAndAxes = [undefined, ...shape.keys(), -1];
    for (const axis of wholeAndAxes) {
      using result = await op(x, axis);
      const at = axis === undefined ? undefined : axis < 0 ? axis + shape.length : axis;
      const runs = at === undefined ? [[...data]] : runsOf(data, shape, at);
      expect(result.shape).toEqual(at === undefined ? [] : shape.filter((_, d) => d !== at));
      const values = await result.data();
      for (const [i, run] of runs.entries()) {
        const size = Math.max(...run.map(Math.abs)) * (name === "sum" ? run.length : 1);
        // Runs of 16, then a tree, in at most 3 passes: less than 80 roundings of 2^-24. A maximum is exact; a norm
        // has the size of √n entries, and its sum half the relative error.
        const bound =
          name === "max" ? 0 : 80 * 2 ** -24 * size * (name === "norm" ? Math.sqrt(run.length) : 1);
        expect(Math.abs(values[i]! - truth(run)), `axis ${axis}, entry ${i}`).toBeLessThanOrEqual(bound);
      }
    }
  });

  test("the same bits every time", async () => {
    using x = tensor(device, numbers(30_011), [30_011]);
    using first = await op(x);
    using second = await op(x);
    expect(await first.data()).toEqual(await second.data());
  });
});

test("a long sum keeps its digits", async () => {
  // One after the other in f32, 0.1 added 2,000,000 times is off by 7e-2 of itself or so; as a tree by 1e-6.
  const n = 2_000_000;
  using x = tensor(device, new Float32Array(n).fill(0.1), [n]);
  using total = await sum(x);
  expect(Math.abs((await total.data())[0]! / (n * Math.fround(0.1)) - 1)).toBeLessThan(2e-6);
});

test("more than 65,535 rows, each a workgroup's", async () => {
  // Workgroups of one invocation, which software adapters get through in a second; see test/long/tensor.long.ts.
  const outer = 65_537;
  const n = 3;
  using x = tensor(
    device,
    Float32Array.from({ length: outer * n }, (_, i) => (i % n) * Math.floor(i / n)),
    [outer, n],
  );
  using sums = zeros(device, [outer]);
  const kernel = await device.kernel(reduceKernel, "rows", { LANES: 1 });
  const params = { outer, n, inner: 1, run: n, chunks: 1, divisor: n };
  device.run([kernel.bind({ params, x: x.buffer, result: sums.buffer }, foldedGrid(outer))]);
  expect(await sums.data()).toEqual(Float32Array.from({ length: outer }, (_, r) => 3 * r));
});

test("negative entries only: the largest is not 0", async () => {
  using x = tensor(
    device,
    numbers(5000).map((v) => -2 - v),
    [50, 100],
  );
  using largest = await max(x, 1);
  expect((await largest.data()).every((v) => v <= -1)).toBe(true);
});

test("reductions of nothing", async () => {
  using x = zeros(device, [2, 0, 3]);
  for (const [op, value] of [
    [sum, 0],
    [mean, Number.NaN],
    [max, -Infinity],
    [norm, 0],
  ] as const) {
    using along = await op(x, 1);
    expect(along.shape).toEqual([2, 3]);
    expect([...(await along.data())]).toEqual(new Array(6).fill(value));
    using whole = await op(x);
    expect([...(await whole.data())]).toEqual([value]);
    using none = await op(x, 0);
    expect(none.shape).toEqual([0, 3]);
    expect(await none.data()).toHaveLength(0);
  }
});

test("an axis that is not there", async () => {
  using x = zeros(device, [2, 3]);
  await expect(sum(x, 2)).rejects.toThrow("[2, 3] is 2");
  await expect(sum(x, -3)).rejects.toMatchObject({ code: "bad-argument" });
});
