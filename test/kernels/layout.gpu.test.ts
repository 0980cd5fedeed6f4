/** Transposes, slices, concatenation and reshaping against index arithmetic; all are exact copies. */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.js";
import { concat, reshape, slice, tensor, transpose, zeros } from "../../src/tensor/index.js";
import { testDevice } from "../support/device.js";

let device: Device;
beforeAll(async () => {
  device = await testDevice();
});

const sizeOf = (shape: readonly number[]) => shape.reduce((size, extent) => size * extent, 1);

/** Entries numbered in row-major order, so that a copy tells where it came from. */
const counted = (shape: readonly number[]) => Float32Array.from({ length: sizeOf(shape) }, (_, i) => i);

/** Every coordinate of a shape in row-major order. */
function coordinates(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (rows, extent) => rows.flatMap((row) => Array.from({ length: extent }, (_, i) => [...row, i])),
    [[]],
  );
}

const indexOf = (at: readonly number[], shape: readonly number[]) =>
  at.reduce((index, i, axis) => index * shape[axis]! + i, 0);

const shapes = fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 4 });
const runs = { numRuns: 40, seed: 1 };

test("transpose takes every order of the axes", async () => {
  const shapeAndOrder = shapes.chain((shape) =>
    fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
  );
  await fc.assert(
    fc.asyncProperty(shapeAndOrder, async ([shape, order]) => {
      using x = tensor(device, counted(shape), shape);
      using y = await transpose(x, order);
      expect(y.shape).toEqual(order.map((axis) => shape[axis]));
      const expected = coordinates(y.shape).map((at) =>
        indexOf(
          shape.map((_, axis) => at[order.indexOf(axis)]!),
          shape,
        ),
      );
      expect([...(await y.data())]).toEqual(expected);
    }),
    runs,
  );
});

test("transpose without an order reverses the axes", async () => {
  using x = tensor(device, counted([2, 3]), [2, 3]);
  using y = await transpose(x);
  expect([...(await y.data())]).toEqual([0, 3, 1, 4, 2, 5]);
});

test("slice takes any box", async () => {
  const boxes = shapes.chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.tuple(
        ...shape.map((extent) =>
          fc
            .integer({ min: 0, max: extent })
            .chain((start) => fc.tuple(fc.constant(start), fc.integer({ min: 0, max: extent - start }))),
        ),
      ),
    ),
  );
  await fc.assert(
    fc.asyncProperty(boxes, async ([shape, box]) => {
      const starts = box.map(([start]) => start);
      const sizes = box.map(([, size]) => size);
      using x = tensor(device, counted(shape), shape);
      using y = await slice(x, starts, sizes);
      expect(y.shape).toEqual(sizes);
      const expected = coordinates(sizes).map((at) =>
        indexOf(
          at.map((i, axis) => i + starts[axis]!),
          shape,
        ),
      );
      expect([...(await y.data())]).toEqual(expected);
    }),
    runs,
  );
});

test("concat joins along any axis, and slices take the parts back", async () => {
  const parts = fc.tuple(
    fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
    fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
    fc.nat(),
  );
  await fc.assert(
    fc.asyncProperty(parts, async ([shape, extents, pick]) => {
      const axis = pick % shape.length;
      const tensors = extents.map((extent) => {
        const own = shape.map((other, d) => (d === axis ? extent : other));
        return tensor(
          device,
          counted(own).map((v) => v + 1000 * extent),
          own,
        );
      });
      using joined = await concat(tensors, axis);
      expect(joined.shape[axis]).toBe(extents.reduce((total, extent) => total + extent, 0));
      let start = 0;
      for (const part of tensors) {
        using back = await slice(
          joined,
          shape.map((_, d) => (d === axis ? start : 0)),
          part.shape,
        );
        expect(await back.data()).toEqual(await part.data());
        start += part.shape[axis]!;
        part.dispose();
      }
    }),
    runs,
  );
});

test("reshape keeps the order and has memory of its own", async () => {
  using x = tensor(device, counted([2, 6]), [2, 6]);
  const y = await reshape(x, [3, 2, 2]);
  x.dispose();
  expect(y.shape).toEqual([3, 2, 2]);
  expect(await y.data()).toEqual(counted([12]));
  y.dispose();
});

test("what does not fit is named", async () => {
  using x = zeros(device, [2, 3]);
  using y = zeros(device, [3, 3]);
  await expect(transpose(x, [0, 0])).rejects.toThrow("[0, 0]");
  await expect(transpose(x, [0])).rejects.toThrow("[2, 3]");
  await expect(slice(x, [0, 2], [2, 2])).rejects.toThrow("axis 1 from 2 on is 2");
  await expect(slice(x, [0], [2])).rejects.toThrow("1 starts");
  await expect(concat([x, y], 1)).rejects.toThrow("[2, 3] and [3, 3]");
  await expect(concat([])).rejects.toMatchObject({ code: "bad-argument" });
  await expect(reshape(x, [5])).rejects.toThrow("[2, 3] cannot become [5]");
});
