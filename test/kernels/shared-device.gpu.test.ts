import { expect, test } from "vitest";
import { openedDevice, testDevice } from "../support/device.js";

test("every call gives the same device", async () => {
  const device = await testDevice();
  expect(await testDevice()).toBe(device);
  expect(await openedDevice()).toBe(device);
});

test("a buffer gives back what was written", async () => {
  const device = await testDevice();
  const data = new Float32Array([1, -2.5, 3e-38, 1e38]);
  const buffer = device.buffer({ label: "echo", data });
  try {
    expect(await device.readF32({ buffer, offset: 0, size: buffer.size })).toEqual(data);
  } finally {
    buffer.dispose();
  }
});
