/** The device of a command, and what is said about it. */
import { type AdapterSummary, type Device, openDevice } from "../../gpu/device.js";
import { openNodeGPU } from "../open.js";

/** FJORD_CALIBRATION=off in the environment keeps it from being measured. @throws WebGPUUnavailableError */
export async function openCommandDevice(): Promise<{ device: Device; source: string }> {
  const { gpu, source } = await openNodeGPU();
  const calibration = process.env.FJORD_CALIBRATION === "off" ? "off" : undefined;
  return { device: await openDevice({ gpu, calibration }), source };
}

/** E.g. "nvidia, ada, NVIDIA GeForce RTX 4070". */
export function adapterName({ vendor, architecture, description, isSoftware }: AdapterSummary): string {
  const name = [vendor, architecture, description].filter(Boolean).join(", ") || "unnamed";
  return isSoftware ? `${name} (software: slow)` : name;
}
