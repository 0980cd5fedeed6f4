/** The matrix product against float64, both tilings, every transposition, ragged and empty sizes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { matmul as blockKernel } from "../../src/generated/tensor/matmul.js";
import { matmulTile as tileKernel } from "../../src/generated/tensor/matmul_tile.js";
import type { Device } from "../../src/gpu/device.js";
import { foldedGrid } from "../../src/gpu/submit.js";
import { matmul, TILINGS, type Tiling } from "../../src/tensor/matmul.js";
import { tensor, zeros } from "../../src/tensor/tensor.js";
import { held, testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";

let device: Device;
let before: ReturnType<typeof held>;
beforeAll(async () => {
  device = await testDevice();
  before = held(device);
});
afterAll(() => expect(held(device), "buffers left behind").toEqual(before));

interface Options {
  tiling?: Tiling;
  transposeA?: boolean;
  transposeB?: boolean;
}

/**
 * The largest error of a product of numbers of both signs, over its bound γ_k Σ|a||b|, γ_k = k u / (1 − k u) with
 * u = 2^-24: WGSL would allow rounding to either side, but every GPU rounds sums and products to nearest.
 */
async function worstOf(m: number, n: number, k: number, options: Options): Promise<number> {
  const { transposeA = false, transposeB = false } = options;
  const aData = numbers(m * k, m + 7 * k);
  const bData = numbers(k * n, n + 11 * k);
  const a = tensor(device, aData, transposeA ? [k, m] : [m, k]);
  const b = tensor(device, bData, transposeB ? [n, k] : [k, n]);
  const c = await matmul(a, b, options);
  expect(c.shape).toEqual([m, n]);
  const result = await c.data();
  for (const t of [a, b, c]) t.dispose();
  const gamma = (k * 2 ** -24) / (1 - k * 2 ** -24);
  let worst = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      let size = 0;
      for (let s = 0; s < k; s++) {
        const x = aData[transposeA ? s * m + i : i * k + s]! * bData[transposeB ? j * k + s : s * n + j]!;
        sum += x;
        size += Math.abs(x);
      }
      const error = Math.abs(result[i * n + j]! - sum) / (gamma * size);
      if (!(error <= worst)) worst = error;
    }
  }
  return worst;
}

const sizes = [1, 2, 3, 5, 7, 8, 9, 16, 17, 31, 64, 65, 127];

// Each size meets each of the three axes, and its neighbours in the list differ from one combination to the next.
const combinations = sizes.flatMap((m, i) =>
  [1, 5].map((step) => [m, sizes[(i + step) % 13]!, sizes[(i + 7 * step) % 13]!] as const),
);

describe.each(TILINGS)("tiling %s", (tiling) => {
  describe.each([false, true])("transposeA %s", (transposeA) => {
    test.each([false, true])("transposeB %s", async (transposeB) => {
      for (const [m, n, k] of combinations) {
        const worst = await worstOf(m, n, k, { tiling, transposeA, transposeB });
        expect(worst, `[${m}, ${k}] · [${k}, ${n}]`).toBeLessThanOrEqual(1);
      }
    });
  });

  test("an infinity or a NaN stays in its row and column", async () => {
    const aData = numbers(10 * 9);
    const bData = numbers(9 * 11, 2);
    aData[3 * 9 + 8] = Number.POSITIVE_INFINITY;
    bData[8 * 11 + 10] = Number.NaN;
    using a = tensor(device, aData, [10, 9]);
    using b = tensor(device, bData, [9, 11]);
    using c = await matmul(a, b, { tiling });
    const finite = [...(await c.data())].map(Number.isFinite);
    expect(finite).toEqual(finite.map((_, i) => Math.floor(i / 11) !== 3 && i % 11 !== 10));
  });

  test("empty sizes", async () => {
    using a = zeros(device, [3, 0]);
    using b = zeros(device, [0, 2]);
    using product = await matmul(a, b, { tiling });
    expect([...(await product.data())]).toEqual([0, 0, 0, 0, 0, 0]);
    using outer = await matmul(b, a, { tiling, transposeA: true, transposeB: true });
    expect(outer.shape).toEqual([2, 3]);
    using c = zeros(device, [2, 0]);
    using nothing = await matmul(b, c, { tiling });
    expect(nothing.shape).toEqual([0, 0]);
    expect(await nothing.data()).toHaveLength(0);
  });
});

// Without a tiling adapters of 4-wide subgroups take strips.
test.each([...TILINGS, undefined])("sizes that are multiples of 4, tiling %s", async (tiling) => {
  for (const [m, n, k] of [
    [4, 4, 4],
    [12, 20, 8],
    [64, 4, 36],
    [3, 72, 16],
    [68, 132, 20],
  ] as const) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const worst = await worstOf(m, n, k, { tiling, transposeA, transposeB });
        expect(worst, `[${m}, ${k}] · [${k}, ${n}]`).toBeLessThanOrEqual(1);
      }
    }
  }
});

/** A column of 0, 1, 2, … 4098 over and over, times 3: exact in f32. */
const column = (m: number) => Float32Array.from({ length: m }, (_, i) => i % 4099);

function wrongIn(result: Float32Array): number {
  return result.reduce((count, value, i) => count + (value === 3 * (i % 4099) ? 0 : 1), 0);
}

// The kernels as they are, but with workgroups of one invocation, which software adapters get through in a second;
// test/long/tensor.long.ts does the same by matmul itself.
describe("past 65,535 workgroups, on a folded grid", () => {
  const m = 65_535 * 8 + 9;
  const workgroups = Math.ceil(m / 8);

  test("tiling registers", async () => {
    using a = tensor(device, column(m), [m, 1]);
    using b = tensor(device, [3], [1, 1]);
    using c = zeros(device, [m, 1]);
    const kernel = await device.kernel(blockKernel, "main", { LANES: 1 });
    const params = { m, n: 1, k: 1, a_last: m - 1, b_last: 0 };
    const buffers = { a: a.buffer, b: b.buffer, c: c.buffer };
    device.run([kernel.bind({ params, ...buffers }, foldedGrid(workgroups))]);
    expect(wrongIn(await c.data())).toBe(0);
  });

  test("tiling workgroup", async () => {
    using a = tensor(device, column(m), [m, 1]);
    using b = tensor(device, [3], [1, 1]);
    using c = zeros(device, [m, 1]);
    const kernel = await device.kernel(tileKernel, "main", { SIDE: 1, DEPTH: 1 });
    const buffers = { a: a.buffer, b: b.buffer, c: c.buffer };
    device.run([kernel.bind({ params: { m, n: 1, k: 1 }, ...buffers }, foldedGrid(workgroups))]);
    expect(wrongIn(await c.data())).toBe(0);
  });
});

test("shapes that do not fit are named", async () => {
  using a = zeros(device, [2, 3]);
  using b = zeros(device, [4, 5]);
  await expect(matmul(a, b)).rejects.toThrow("[2, 3] and [4, 5]");
  await expect(matmul(a, a)).rejects.toMatchObject({ code: "bad-argument" });
  await expect(matmul(a, b, { tiling: "other" as Tiling })).rejects.toThrow('"other"');
  using vector = zeros(device, [3]);
  await expect(matmul(a, vector)).rejects.toMatchObject({ code: "bad-argument" });
});
