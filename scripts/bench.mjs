/**
 * npm run bench -- [options]: times this engine and its peers in headless Chromium, see docs/benchmark.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { root, setUp } from "./setup.mjs";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    adapter: { type: "string", default: "swiftshader" },
    out: { type: "string" },
    repeats: { type: "string", default: "7" },
    smoke: { type: "boolean", default: false },
  },
});

await setUp();
const { build, preview } = await import("vite");
const { chromium } = await import("playwright");
const { findBrowser } = await import("./browser.mjs");

const page = join(root, "test", "bench", "page");
const outDir = join(root, "build", "bench");
const config = { root: page, base: "./", configFile: false, logLevel: "warn" };
// Shared memory, and with it threads and a finer clock, only come to pages that are isolated.
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

// Not minified: a worker of TensorFlow.js is made from the source text of a function, which must keep its names.
const options = { outDir, emptyOutDir: true, target: "es2022", minify: false };
await build({ ...config, build: options, worker: { format: "es" } });
const server = await preview({ ...config, build: { outDir }, preview: { host: "127.0.0.1", port: 0, headers } });
const { executablePath, args, env } = await findBrowser();
const browser = await chromium.launch({ executablePath, args, env });
try {
  const tab = await browser.newPage();
  tab.setDefaultTimeout(0);
  tab.on("console", (message) => {
    const text = message.text();
    if (text.startsWith("bench ")) console.error(text.slice(6));
    else console.error(`[${message.type()}] ${text}`);
  });
  tab.on("pageerror", (error) => console.error(String(error)));
  await tab.goto(server.resolvedUrls.local[0]);
  await tab.locator('body[data-state="ready"]').waitFor();
  const given = { only: values.only?.split(",") ?? ["W0", "W1", "W1a", "W2", "W3", "W4", "M"], repeats: Number(values.repeats), smoke: values.smoke };
  const json = await tab.evaluate((options) => window.runBench(options), given);
  const report = JSON.parse(json);
  const out = values.out ?? join(root, "bench-results", "latest.json");
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(report, null, 2)}\n`);
  console.log(JSON.stringify(report, null, 1));
} finally {
  await browser.close();
  await server.close();
}
process.exit(0);
