import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { installedChromiums, swiftShaderBeside } from "../../src/node/chromium.js";
import { openNodeGPU } from "../../src/node/open.js";

const folders: string[] = [];

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fjordgpu-test-"));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("opening WebGPU in Node", () => {
  test("gives an entry point with an adapter, and WebGPU's globals", async () => {
    const { gpu, source } = await openNodeGPU();
    expect(await gpu.requestAdapter()).not.toBeNull();
    expect(source).not.toBe("");
    expect(GPUBufferUsage.STORAGE).toBe(0x80);
  });

  test("a second call gives the same entry point", async () => {
    expect((await openNodeGPU()).gpu).toBe((await openNodeGPU()).gpu);
  });

  test("a driver that does not exist is an error that names it", () => {
    // In a process of its own: Vulkan reads the variable once per instance, and this process has one already.
    const script = `
      const { loadSource } = await import("./scripts/load-source.mjs");
      const { openNodeGPU } = await loadSource("src/node/open.ts");
      const error = await openNodeGPU().catch((error) => error);
      console.log(JSON.stringify([error.name, error.reason, error.message]));
      process.exit(0);`;
    const env = { ...process.env, VK_ICD_FILENAMES: "/nowhere/icd.json" };
    const args = ["--input-type=module", "-e", script];
    const output = execFileSync(process.execPath, args, { env, encoding: "utf8", stdio: "pipe" });
    const [name, reason, message] = JSON.parse(output) as string[];
    expect(name).toBe("WebGPUUnavailableError");
    expect(reason).toBe("no-adapter");
    expect(message).toContain("/nowhere/icd.json");
  });
});

describe("finding a browser", () => {
  test("FJORD_BROWSER comes alone", () => {
    vi.stubEnv("FJORD_BROWSER", process.execPath);
    expect(installedChromiums()).toEqual([{ path: process.execPath, source: "FJORD_BROWSER" }]);
  });

  test("FJORD_BROWSER that does not exist is an error that names it", () => {
    vi.stubEnv("FJORD_BROWSER", "/nowhere/chrome");
    expect(() => installedChromiums()).toThrow('FJORD_BROWSER is "/nowhere/chrome"');
  });

  test("SwiftShader is found beside a browser or not at all", () => {
    const folder = temporaryFolder();
    const browser = join(folder, "chrome");
    writeFileSync(browser, "");
    expect(swiftShaderBeside(browser)).toBeUndefined();
    const icd = join(folder, "vk_swiftshader_icd.json");
    writeFileSync(icd, "{}");
    expect(swiftShaderBeside(browser)).toBe(icd);
  });
});
