/** `info`: which GPU there is. `info MODEL`: what is in a model file, read without a GPU. */
import { readModel } from "../../cnf/model-file.js";
import { readSafetensors } from "../../io/safetensors.js";
import type { Command } from "./command.js";
import { readBytes, writeOutput } from "./files.js";
import { adapterName, openCommandDevice } from "./open.js";

const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const;

export const infoCommand: Command = {
  name: "info",
  words: "[MODEL]",
  about: "the adapter and its limits, or what a model file holds",
  options: [],
  async run(args) {
    const [model] = args.words("[MODEL]");
    const lines = model === undefined ? await deviceLines() : modelLines(readBytes(model));
    await writeOutput("-", `${lines.join("\n")}\n`);
    return 0;
  },
};

async function deviceLines(): Promise<string[]> {
  const { device, source } = await openCommandDevice();
  return [
    `adapter: ${adapterName(device.adapter)}`,
    `found: ${source}`,
    ...LIMITS.map((name) => `${name}: ${device.limits[name]}`),
  ];
}

function modelLines(bytes: Uint8Array): string[] {
  const { tensors, metadata } = readSafetensors(bytes);
  return [
    `parameters: ${readModel(bytes).field.paramCount}`,
    ...[...metadata].map(([key, value]) => `${key}: ${value}`),
    "tensors:",
    ...[...tensors].map(([name, { shape }]) => `  ${name} [${shape.join(", ")}]`),
  ];
}
