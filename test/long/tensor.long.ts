/** Tensor operations past 65,535 workgroups through the public functions: minutes on a software adapter. */
import { expect, test } from "vitest";
import { matmul, sum, tensor } from "../../src/tensor/index.js";
import { testDevice } from "../support/device.js";

// A workgroup holds 32 · 8 rows in the one tiling and 64 in the other.
test.each([
  ["registers", 65_535 * 256 + 9],
  ["workgroup", 65_535 * 64 + 9],
] as const)("matmul, tiling %s, %i rows", async (tiling, m) => {
  const device = await testDevice();
  using a = tensor(
    device,
    Float32Array.from({ length: m }, (_, i) => i % 4099),
    [m, 1],
  );
  using b = tensor(device, [3], [1, 1]);
  using c = await matmul(a, b, { tiling });
  const result = await c.data();
  expect(result.findIndex((value, i) => value !== 3 * (i % 4099))).toBe(-1);
});

test("sum of 65,537 rows of 65", async () => {
  const device = await testDevice();
  const rows = 65_537;
  const data = new Float32Array(rows * 65);
  for (let r = 0; r < rows; r++) data[r * 65 + 64] = r;
  using x = tensor(device, data, [rows, 65]);
  using sums = await sum(x, 1);
  expect(await sums.data()).toEqual(Float32Array.from({ length: rows }, (_, r) => r));
});
