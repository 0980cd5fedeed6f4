/** The random tensors have the bits of their twins on the CPU. */
import { beforeAll, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.js";
import { type RandomOptions, randomNormal, randomRademacher, randomUniform } from "../../src/tensor/index.js";
import * as cpu from "../../src/tensor/random.js";
import { testDevice } from "../support/device.js";

let device: Device;
beforeAll(async () => {
  device = await testDevice();
});

const kinds = [
  { name: "uniform", onDevice: randomUniform, twin: cpu.randomUniform },
  { name: "normal", onDevice: randomNormal, twin: cpu.randomNormal },
  { name: "Rademacher", onDevice: randomRademacher, twin: cpu.randomRademacher },
];

test.each(kinds)("$name: 10,007 equal bits", async ({ onDevice, twin }) => {
  for (const { seed, step } of [
    { seed: 0, step: 0 },
    { seed: 2 ** 53 - 1, step: 0xffffffff },
  ]) {
    using x = await onDevice(device, [10_007], { seed, step });
    const bits = new Uint32Array((await x.data()).buffer);
    const expected = twin(10_007, { seed, step, purpose: cpu.PURPOSE.user });
    expect(bits).toEqual(new Uint32Array(expected.buffer));
  }
});

test("the step defaults to 0, and another step or seed is another stream", async () => {
  const draw = async (options: RandomOptions) => {
    using x = await randomUniform(device, [2, 3], options);
    expect(x.shape).toEqual([2, 3]);
    return [...(await x.data())];
  };
  const first = await draw({ seed: 5 });
  expect(await draw({ seed: 5, step: 0 })).toEqual(first);
  expect(await draw({ seed: 5, step: 1 })).not.toEqual(first);
  expect(await draw({ seed: 6 })).not.toEqual(first);
});

test("drawing again and again leaves nothing behind", async () => {
  const { buffers, bytes } = device.stats();
  for (let step = 0; step < 20; step++) (await randomNormal(device, [3], { seed: 1, step })).dispose();
  expect(device.stats()).toMatchObject({ buffers, bytes });
});

test("seeds and steps out of range", async () => {
  await expect(randomNormal(device, [1], { seed: -1 })).rejects.toThrow("-1");
  await expect(randomNormal(device, [1], { seed: 0, step: 2 ** 32 })).rejects.toThrow("4294967296");
  await expect(randomNormal(device, [1, 1, 1, 1, 1], { seed: 0 })).rejects.toThrow("5 axes");
});
