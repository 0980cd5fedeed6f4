/**
 * Two projects over one tree of tests: "node" runs everything, on WebGPU in Node (Dawn); "browser" runs the
 * files named *.gpu.test.ts again in headless Chromium, and *.browser.test.ts (a long one, and what only pages
 * have) there alone. With FJORD_LONG set there is only "long" (test/long).
 */
import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { findBrowser } from "./scripts/browser.mjs";

const shared = {
  setupFiles: ["test/support/setup.ts"],
  // One device for all files: software adapters fail when several are opened at once.
  isolate: false,
  fileParallelism: false,
  testTimeout: 60_000,
  hookTimeout: 60_000,
};

// Vulkan reads the environment of a process, which a worker thread has only a copy of.
const inNode = { ...shared, environment: "node" as const, pool: "forks" as const };

// The pages import the library by its name.
const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));
const resolve = { alias: { "fjordgpu/bench": source("bench/index.ts"), fjordgpu: source("index.ts") } };

const node = {
  resolve,
  test: {
    ...inNode,
    name: "node",
    include: ["test/**/*.test.ts"],
    exclude: ["test/e2e/**", "test/long/**", "test/**/*.browser.test.ts"],
  },
};

const long = {
  test: { ...inNode, name: "long", include: ["test/long/**/*.long.ts"], testTimeout: 3_600_000 },
};

async function browser() {
  // Without a browser the tests in Node can still run; Playwright then fails those of this project.
  const found = await findBrowser().catch((error: Error) => console.error(error.message));
  const { executablePath, args, env } = found ?? {};
  return {
    resolve,
    test: {
      ...shared,
      name: "browser",
      include: ["test/{kernels,field,oracle,ode,cnf,train}/**/*.gpu.test.ts", "test/**/*.browser.test.ts"],
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath, args, env } }),
        instances: [{ browser: "chromium" as const }],
      },
    },
  };
}

export default defineConfig(async () => ({
  test: { projects: process.env.FJORD_LONG ? [long] : [node, await browser()] },
}));
