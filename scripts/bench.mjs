/**
 * npm run bench -- [options]: times this engine and its peers in headless Chromium, see docs/benchmark.md.
 * Exit codes: 0 done, 1 failed or a peer does not agree with us, 2 wrong usage.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { browserArguments, readArguments } from "./bench-arguments.mjs";
import { root, setUp } from "./setup.mjs";

/** Builds the page and serves it; returns its address and what stops it. */
async function servePage() {
  const { build, preview } = await import("vite");
  const config = { root: join(root, "test/bench/page"), base: "./", configFile: false, logLevel: "warn" };
  // Not minified: a worker of TensorFlow.js is made from the source text of a function, which must keep its names.
  const output = { outDir: join(root, "build/bench"), emptyOutDir: true, target: "es2022", minify: false };
  await build({ ...config, build: { ...output, chunkSizeWarningLimit: 10_000 }, worker: { format: "es" } });
  // Shared memory, and with it threads and a finer clock, only come to pages that are isolated.
  const headers = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
  };
  const server = await preview({
    ...config,
    build: output,
    preview: { host: "127.0.0.1", port: 0, headers },
  });
  return { address: server.resolvedUrls.local[0], close: () => server.close() };
}

async function launch(adapter) {
  const { chromium } = await import("playwright");
  const { findBrowser } = await import("./browser.mjs");
  const { executablePath, args, env } = await findBrowser();
  return chromium.launch({ executablePath, args: browserArguments(adapter, args), env });
}

/** Runs the benchmark in a page and returns its report. */
async function run({ adapter, ...options }) {
  const page = await servePage();
  const browser = await launch(adapter);
  try {
    const tab = await browser.newPage();
    tab.setDefaultTimeout(0);
    const broken = new Promise((_resolve, reject) => {
      tab.on("pageerror", reject);
      tab.on("crash", () => reject(new Error("The page crashed.")));
    });
    tab.on("console", (message) => {
      const text = message.text();
      if (text.startsWith("bench ")) console.error(text.slice(6));
      else if (message.type() === "error") console.error(text);
    });
    await tab.goto(page.address);
    await tab.locator('body[data-state="ready"]').waitFor();
    const result = tab.evaluate((given) => window.runBench(given), options);
    return JSON.parse(await Promise.race([result, broken]));
  } finally {
    await browser.close();
    await page.close();
  }
}

/** Peers without a result, as "W1, name: reason". */
function failuresOf({ workloads }) {
  return Object.entries(workloads).flatMap(([workload, { peers }]) =>
    Object.entries(peers)
      .filter(([, peer]) => "error" in peer)
      .map(([name, { error }]) => `${workload}, ${name}: ${error}`),
  );
}

try {
  const options = readArguments(process.argv.slice(2));
  await setUp();
  const report = await run(options);
  const files = options.out === undefined ? [] : [resolve(options.out)];
  if (!options.smoke) files.push(join(root, "bench-results", "latest.json"));
  for (const file of files) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  }
  const { loadSource } = await import("./load-source.mjs");
  const { benchTable } = await loadSource("src/bench/table.ts");
  const { targetsTable } = await loadSource("test/bench/targets.ts");
  console.log(`${benchTable(report)}\n\n${targetsTable(report)}`);
  const failures = failuresOf(report);
  for (const failure of failures) console.error(failure);
  process.exitCode = failures.length > 0 ? 1 : 0;
} catch (error) {
  console.error(error.message);
  process.exitCode = error.code === "usage" ? 2 : 1;
}
// Vite's server and the browser leave handles behind that would keep the process alive.
process.exit();
