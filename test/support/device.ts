/** The one device that all tests of a process or page share. */
import { type Device, openDevice } from "../../src/gpu/device.js";

const inNode = typeof process !== "undefined" && process.versions?.node !== undefined;

// On the global object, because a test runner may load this module again for another test file.
const scope = globalThis as { fjordTestDevice?: Promise<Device> };

/**
 * Opens the device at the first call, prints its adapter, and returns the same one ever after.
 * @throws WebGPUUnavailableError: a machine without an adapter fails the tests
 */
export function testDevice(): Promise<Device> {
  scope.fjordTestDevice ??= open();
  return scope.fjordTestDevice;
}

/** The shared device if a test has opened it. */
export function openedDevice(): Promise<Device> | undefined {
  return scope.fjordTestDevice;
}

/** What is on the device but for pages of parameter blocks, which stay: a new one may be opened during any test. */
export function held(device: Device): { buffers: number; bytes: number } {
  const uses = device.memory().filter(({ label }) => !label.startsWith("uniforms "));
  const sum = (key: "buffers" | "bytes") => uses.reduce((total, use) => total + use[key], 0);
  return { buffers: sum("buffers"), bytes: sum("bytes") };
}

async function open(): Promise<Device> {
  const { gpu, source } = await entryPoint();
  // Paths are those of the rule on every machine, and nothing is written outside the tests.
  const device = await openDevice({ gpu, calibration: "off" });
  // In Node the fused kernels run as on a GPU, in blocks; in Chromium as suits the adapter, on SwiftShader in strips.
  if (inNode) delete (device.adapter as { subgroupSize?: number }).subgroupSize;
  const { vendor, architecture, description, isSoftware } = device.adapter;
  const kind = isSoftware ? "software" : "hardware";
  console.info(
    `adapter: ${[vendor, architecture, description].filter(Boolean).join(", ")} (${kind}); ${source}`,
  );
  return device;
}

async function entryPoint(): Promise<{ gpu?: GPU; source: string }> {
  if (!inNode) return { source: navigator.userAgent };
  // A variable keeps the browser's module graph free of Node's modules.
  const nodeModule = "../../src/node/open.ts";
  const { openNodeGPU } = (await import(
    /* @vite-ignore */ nodeModule
  )) as typeof import("../../src/node/open.js");
  return openNodeGPU();
}
