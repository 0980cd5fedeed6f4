/** Making, reading and disposing of tensors, and what happens when they are misused. */
import { beforeAll, expect, test, vi } from "vitest";
import type { Device } from "../../src/gpu/device.js";
import * as ops from "../../src/tensor/index.js";
import { testDevice } from "../support/device.js";

let device: Device;
beforeAll(async () => {
  device = await testDevice();
});

test("holds what it was given, whatever the kind of list", async () => {
  using a = ops.tensor(device, [1, 2, 3, 4, 5], [5]);
  using b = ops.tensor(device, Float64Array.of(0.1, -0), [1, 2, 1]);
  expect(await a.data()).toEqual(Float32Array.of(1, 2, 3, 4, 5));
  expect(await b.data()).toEqual(Float32Array.of(0.1, -0));
  expect(b.shape).toEqual([1, 2, 1]);
  using view = ops.tensor(device, new Float32Array([9, 8, 7, 6]).subarray(1, 3), [2]);
  expect(await view.data()).toEqual(Float32Array.of(8, 7));
});

test("scalars and empty tensors", async () => {
  using scalar = ops.tensor(device, [7], []);
  expect(scalar.size).toBe(1);
  expect(await scalar.data()).toEqual(Float32Array.of(7));
  using none = ops.zeros(device, [0, 3]);
  expect(none.size).toBe(0);
  expect(await none.data()).toHaveLength(0);
  for (const make of [
    ops.exp,
    ops.transpose,
    (x: ops.Tensor) => ops.add(x, 1),
    (x: ops.Tensor) => ops.activation(x, "tanh"),
  ]) {
    using result = await make(none);
    expect(result.size).toBe(0);
    expect(await result.data()).toHaveLength(0);
  }
  using random = await ops.randomNormal(device, [0], { seed: 1 });
  expect(await random.data()).toHaveLength(0);
});

test("bad shapes are named", () => {
  expect(() => ops.tensor(device, [1, 2, 3], [2, 2])).toThrow("[2, 2] holds 4 numbers, but 3");
  expect(() => ops.zeros(device, [2, -1])).toThrow("[2, -1] is -1");
  expect(() => ops.zeros(device, [1.5])).toThrow("1.5");
  expect(() => ops.zeros(device, [1, 1, 1, 1, 1])).toThrow("5 axes");
  expect(() => ops.zeros(device, [1 << 30])).toThrow("at most");
});

test("use after dispose is told, by every kind of operation", async () => {
  const a = ops.zeros(device, [2, 3]);
  a.dispose();
  a.dispose();
  const told = { code: "disposed", message: expect.stringContaining("[2, 3]") };
  await expect(a.data()).rejects.toMatchObject(told);
  for (const op of [
    ops.exp,
    ops.sum,
    ops.transpose,
    (x: ops.Tensor) => ops.add(1, x),
    (x: ops.Tensor) => ops.matmul(x, x),
  ]) {
    await expect(op(a)).rejects.toMatchObject(told);
  }
});

test("a tensor disposed of while its operation is prepared fails that operation and leaves nothing", async () => {
  const { buffers } = device.stats();
  const a = ops.zeros(device, [3, 2]);
  const result = ops.square(a);
  a.dispose();
  await expect(result).rejects.toMatchObject({ code: "disposed" });
  expect(device.stats().buffers).toBe(buffers);
});

test("tensors of two devices do not mix", async () => {
  // A second GPU device on software adapters is asking for trouble; an object that differs is enough here.
  const other = Object.create(device) as Device;
  using a = ops.zeros(device, [2]);
  const b = new ops.Tensor(other, [2], a.buffer);
  await expect(ops.add(a, b)).rejects.toThrow("different devices");
});

test("a large result that finds no memory is an error, and what was made for it is gone", async () => {
  using a = ops.zeros(device, [2 ** 22]);
  // Once before, so that its kernel is there and the first scope to close is that of the allocation.
  (await ops.neg(a)).dispose();
  const { buffers } = device.stats();
  const pop = vi.spyOn(device.gpu, "popErrorScope");
  pop.mockImplementationOnce(async () => {
    pop.mockRestore();
    await device.gpu.popErrorScope();
    return { message: "made up by the test" } as GPUError;
  });
  await expect(ops.neg(a)).rejects.toMatchObject({ code: "out-of-memory" });
  expect(device.stats().buffers).toBe(buffers);
});
