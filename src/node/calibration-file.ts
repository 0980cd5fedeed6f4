/** Calibrations in Node: one small file each in the user's cache folder. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { CalibrationStore } from "../gpu/calibration-store.js";

/** Where the system wants caches: XDG_CACHE_HOME (XDG Base Directory Specification) or its counterpart elsewhere. */
export function cacheFolder(): string {
  const { env, platform } = process;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "fjordgpu");
  if (platform === "win32" && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, "fjordgpu");
  return join(homedir(), platform === "darwin" ? "Library/Caches" : ".cache", "fjordgpu");
}

const fileOf = (key: string) => {
  const name = createHash("sha256").update(key).digest("hex").slice(0, 16);
  return join(cacheFolder(), `calibration-${name}.json`);
};

export const fileStore: CalibrationStore = {
  async read(key) {
    return readFile(fileOf(key), "utf8").catch(() => undefined);
  },
  async write(key, text) {
    const file = fileOf(key);
    const partial = `${file}.${process.pid}.partial`;
    try {
      await mkdir(cacheFolder(), { recursive: true });
      // Renamed as a whole: another process may be reading it.
      await writeFile(partial, text);
      await rename(partial, file);
    } catch {
      // No home, no room or no permission: the next session measures again.
    }
  },
};
