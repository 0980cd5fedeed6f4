/** The measurement of a device: its bounds, and that it happens once. */
import { expect, test } from "vitest";
import type { CalibrationStore } from "../../src/gpu/calibration-store.js";
import { Device } from "../../src/gpu/device.js";
import { calibrationOf, measureDevice, productForm, readCalibration } from "../../src/ode/calibration.js";
import { testDevice } from "../support/device.js";

/** The tests' GPU as an adapter of another name. */
async function named(description: string, calibration: CalibrationStore): Promise<Device> {
  const { gpu, adapter } = await testDevice();
  return new Device(gpu, { ...adapter, description }, { calibration });
}

test("is made once for an adapter, within 300 ms, although its store holds nonsense", async () => {
  const written: string[] = [];
  const store: CalibrationStore = {
    read: async () => '{"launch":0}',
    write: async (_, text) => void written.push(text),
  };
  const device = await named("first", store);
  const [one, other] = await Promise.all([calibrationOf(device), named("first", store).then(calibrationOf)]);
  expect(other).toBe(one);
  expect(one.source).toBe("measured");
  // The best of three: whoever else is at work on this machine may stop a measurement at any time.
  const spent = [one.spent];
  while (Math.min(...spent) > 300 && spent.length < 3) spent.push((await measureDevice(device)).spent);
  expect(Math.min(...spent)).toBeLessThanOrEqual(300);
  // Between a fast GPU and a slow emulation: 1 µs to 10 ms a dispatch, 0.02 to 100,000 GFLOP/s.
  expect(one.launch).toBeGreaterThan(1e-3);
  expect(one.launch).toBeLessThan(10);
  expect(one.rate).toBeGreaterThan(1e4);
  expect(one.rate).toBeLessThan(5e10);
  // Where there is a choice, on Chromium's software adapter, strips are about twice as fast.
  expect(one.form).toBe((await testDevice()).adapter.subgroupSize === 4 ? "strip" : "block");
  expect(written.map(readCalibration)).toEqual([{ ...one, source: "remembered" }]);
});

test("is not made again in a later session", async () => {
  const figures = { launch: 0.02, rate: 5e5, form: "block", spent: 80, measuredAt: 1.7e12 };
  const read = async () => JSON.stringify(figures);
  const device = await named("second", { read, write: () => Promise.reject(new Error("read-only")) });
  expect(await calibrationOf(device)).toEqual({ ...figures, source: "remembered" });
  expect(device.stats().dispatches).toBe(0);
});

test("settles the form of products, unless there is no choice", async () => {
  const figures = { launch: 0.02, rate: 5e5, form: "block", spent: 80, measuredAt: 1.7e12 };
  const read = async () => JSON.stringify(figures);
  const write = async () => {};
  const { gpu, adapter } = await testDevice();
  const open = (description: string, subgroupSize?: number) =>
    new Device(gpu, { ...adapter, description, subgroupSize }, { calibration: { read, write } });
  expect(await productForm(open("third", 4))).toBe("block");
  expect(await productForm(open("fourth"))).toBe("block");
  const unmeasured = new Device(gpu, { ...adapter, subgroupSize: 4 }, { calibration: "off" });
  expect(await productForm(unmeasured)).toBe("strip");
});

test("of a device opened without is assumed", async () => {
  expect((await calibrationOf(await testDevice())).source).toBe("assumed");
});

test.each([
  undefined,
  "",
  "null",
  "{}",
  '{"launch":1e-3,"rate":-1,"form":"block","spent":1,"measuredAt":1}',
  '{"launch":1e-3,"rate":1,"form":"ring","spent":1,"measuredAt":1}',
])("%j is no calibration", (text) => expect(readCalibration(text)).toBeUndefined());
