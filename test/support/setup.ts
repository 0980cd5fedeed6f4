/** Runs around every test file: a WebGPU error that nobody caught fails the test during which it came. */
import "./patient.mjs";
import { afterEach } from "vitest";
import { openedDevice } from "./device.js";

afterEach(async () => {
  const device = await openedDevice();
  if (!device || device.isLost) return;
  // Errors come back from the GPU's side in order, so what this test caused has arrived by then.
  await device.gpu.queue.onSubmittedWorkDone();
  const errors = device.uncapturedErrors.splice(0);
  if (errors.length > 0) throw new Error(`uncaptured WebGPU errors:\n${errors.join("\n")}`);
});
