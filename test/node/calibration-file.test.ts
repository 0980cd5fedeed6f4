/** Calibrations in Node: a file each in the cache folder, and no complaint where there can be none. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { defaultStore } from "../../src/gpu/calibration-store.js";
import { cacheFolder, fileStore } from "../../src/node/calibration-file.js";

const folder = mkdtempSync(join(tmpdir(), "fjordgpu-cache-"));
beforeEach(() => void vi.stubEnv("XDG_CACHE_HOME", folder));
afterEach(() => void vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

test("the default store in Node gives back what was written last", async () => {
  const store = (await defaultStore())!;
  expect(await store.read("a|b")).toBeUndefined();
  await store.write("a|b", "one");
  await store.write("a|b", "two");
  await store.write("a|c", "three");
  expect(await fileStore.read("a|b")).toBe("two");
  // One file for each key, and nothing half-written.
  const files = readdirSync(join(folder, "fjordgpu"));
  expect(files).toHaveLength(2);
  expect(files.every((name) => /^calibration-[0-9a-f]{16}\.json$/.test(name))).toBe(true);
});

test("a folder that cannot be made is no error", async () => {
  writeFileSync(join(folder, "file"), "");
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "file"));
  await fileStore.write("a", "one");
  expect(await fileStore.read("a")).toBeUndefined();
  expect(existsSync(join(folder, "file", "fjordgpu"))).toBe(false);
});

test.each([
  ["linux", {}, /\.cache[\\/]fjordgpu$/],
  ["darwin", {}, /Library\/Caches[\\/]fjordgpu$/],
  ["win32", { LOCALAPPDATA: "C:\\Local" }, /^C:\\Local[\\/]fjordgpu$/],
] as const)("caches on %s", (platform, env, expected) => {
  vi.stubEnv("XDG_CACHE_HOME", "");
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const original = Object.getOwnPropertyDescriptor(process, "platform")!;
  Object.defineProperty(process, "platform", { value: platform });
  try {
    expect(cacheFolder()).toMatch(expected);
  } finally {
    Object.defineProperty(process, "platform", original);
  }
});
