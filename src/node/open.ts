/**
 * WebGPU in Node: the optional package `webgpu` (Dawn), on a real GPU where there is one, else on SwiftShader,
 * the software driver that comes with Chromium.
 */
import { existsSync, readdirSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { WebGPUUnavailableError } from "../gpu/errors.js";
import { installedChromiums, packagedChromium, swiftShaderBeside } from "./chromium.js";

/** The entry point to WebGPU and where its adapter comes from, in words. */
export interface NodeGPU {
  readonly gpu: GPU;
  readonly source: string;
}

interface WebGPUPackage {
  create(flags: string[]): GPU;
  readonly globals: Record<string, unknown>;
}

// Keeps the library in memory although it is no Node add-on; not in os.constants.dlopen. Value of Linux's dlfcn.h.
const keepLoaded = 0x1000;

/**
 * Entry points that have been handed out, held for the life of the process: Dawn lives only as long as the object
 * that `create` returned is referenced (README of webgpu 0.6, "Lifetime"), not as long as its devices are.
 */
const keptAlive: GPU[] = [];

function start({ create }: WebGPUPackage): GPU {
  const gpu = create([]);
  keptAlive.push(gpu);
  return gpu;
}

/** Whether the kernel shows a GPU at all. Asking Vulkan without one only prints warnings. */
function mayHaveGPU(): boolean {
  if (process.platform !== "linux") return true;
  const devices = existsSync("/dev/dri") ? readdirSync("/dev/dri") : [];
  return (
    devices.some((name) => name.startsWith("renderD")) || existsSync("/dev/nvidia0") || existsSync("/dev/dxg")
  );
}

/**
 * Loads Vulkan's loader that lies beside a browser, for systems that have none: Dawn asks for it by name
 * and is then given the one in memory, so that LD_LIBRARY_PATH need not be set before Node starts.
 */
function preloadVulkan(folder: string): void {
  const file = join(folder, "libvulkan.so.1");
  if (process.platform !== "linux" || !existsSync(file)) return;
  try {
    process.dlopen({ exports: {} }, file, constants.dlopen.RTLD_LAZY | keepLoaded);
  } catch {
    // Always "did not self-register", because it is no Node add-on; it stays loaded all the same.
  }
}

/** SwiftShader's ICD file: beside an unpacked browser, else from the package that brings one. */
async function findSwiftShader(): Promise<{ icd: string; source: string } | undefined> {
  for (const { path, source } of installedChromiums()) {
    const icd = swiftShaderBeside(path);
    if (icd) return { icd, source: `SwiftShader beside ${path} (${source})` };
  }
  const packaged = await packagedChromium();
  const icd = packaged && swiftShaderBeside(packaged.path);
  return icd ? { icd, source: `SwiftShader from ${packaged.source}` } : undefined;
}

async function loadPackage(): Promise<WebGPUPackage> {
  try {
    return (await import("webgpu")) as unknown as WebGPUPackage;
  } catch (error) {
    throw new WebGPUUnavailableError(
      "no-api",
      "WebGPU in Node needs the package webgpu, which could not be loaded.",
      "Run: npm install webgpu",
      { cause: error },
    );
  }
}

function isSoftware({ info }: GPUAdapter): boolean {
  return (
    info.isFallbackAdapter ||
    /swiftshader|llvmpipe|lavapipe/i.test(`${info.architecture} ${info.description}`)
  );
}

/**
 * Finds an adapter and returns the entry point that offers it; also defines GPUBufferUsage and WebGPU's other
 * globals where they are missing. VK_ICD_FILENAMES or VK_DRIVER_FILES, when set, decide alone. To be called on
 * the main thread: a worker's environment is a copy that Vulkan does not see. Further calls return the same.
 *
 * @throws WebGPUUnavailableError with reason no-api (no package) or no-adapter
 */
export async function openNodeGPU(): Promise<NodeGPU> {
  opened ??= find();
  try {
    return await opened;
  } catch (error) {
    opened = undefined;
    throw error;
  }
}

let opened: Promise<NodeGPU> | undefined;

async function find(): Promise<NodeGPU> {
  const dawn = await loadPackage();
  for (const [name, value] of Object.entries(dawn.globals)) {
    if (!(name in globalThis)) Object.assign(globalThis, { [name]: value });
  }
  const { env } = process;
  const chosen = env.VK_ICD_FILENAMES ?? env.VK_DRIVER_FILES;
  let software: NodeGPU | undefined;
  if (chosen || mayHaveGPU()) {
    // Either variable may list several files.
    if (chosen) preloadVulkan(dirname(chosen.split(delimiter)[0] ?? chosen));
    const gpu = start(dawn);
    const adapter = await gpu.requestAdapter();
    const found = { gpu, source: chosen ? `Vulkan driver ${chosen}` : "the system's GPU driver" };
    if (adapter && (chosen || !isSoftware(adapter))) return found;
    if (adapter) software = found;
  }
  const swiftShader = chosen ? undefined : await findSwiftShader();
  if (swiftShader) {
    preloadVulkan(dirname(swiftShader.icd));
    // Read whenever a Vulkan instance is made, so it takes effect although one may have been made above.
    env.VK_ICD_FILENAMES = swiftShader.icd;
    const gpu = start(dawn);
    if (await gpu.requestAdapter()) return { gpu, source: swiftShader.source };
    delete env.VK_ICD_FILENAMES;
  }
  if (software) return software;
  throw new WebGPUUnavailableError(
    "no-adapter",
    chosen
      ? `The Vulkan driver ${chosen} gives no WebGPU adapter.`
      : "This machine has no GPU that WebGPU can use, and no SwiftShader was found in its place.",
    "Install a GPU driver or Chrome, or on Linux run: npm install @sparticuz/chromium@147.0.0",
  );
}
