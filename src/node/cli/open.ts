/** The device of a command, and what is said about it. */
import { type AdapterSummary, type Device, openDevice } from "../../gpu/device.js";
import { openNodeGPU } from "../open.js";

/** @throws WebGPUUnavailableError */
export async function openCommandDevice(): Promise<{ device: Device; source: string }> {
  const { gpu, source } = await openNodeGPU();
  return { device: await openDevice({ gpu }), source };
}

/** E.g. "nvidia, ada, NVIDIA GeForce RTX 4070". */
export function adapterName({ vendor, architecture, description, isSoftware }: AdapterSummary): string {
  const name = [vendor, architecture, description].filter(Boolean).join(", ") || "unnamed";
  return isSoftware ? `${name} (software: slow)` : name;
}
