/**
 * npm run bench -- [options]: times this engine and its peers in headless Chromium, see docs/benchmark.md.
 * Exit codes: 0 done, 1 failed or a peer does not agree with us, 2 wrong usage.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { root, setUp } from "./setup.mjs";

const WORKLOADS = ["W0", "W1", "W1a", "W2", "W3", "W4", "M", "T", "S"];
const ADAPTERS = ["swiftshader", "default"];

const HELP = `npm run bench -- [options]
  --only LIST      of ${WORKLOADS.join(",")} (all)
  --adapter NAME   ${ADAPTERS.join(" or ")}: Chromium's software adapter, or what the browser takes itself (${ADAPTERS[0]})
  --peers TEXT     only peers whose names hold it, e.g. "webgpu, by hand" (all)
  --repeats N      repeats of calls up to 5 s (7)
  --out FILE       the numbers as JSON; without --smoke they are also in bench-results/latest.json
  --smoke          W0 with two steps: seconds`;

/** @throws an Error with the code "usage" */
function readArguments() {
  const usage = (message) => Object.assign(new Error(`${message}\n${HELP}`), { code: "usage" });
  const options = {
    only: { type: "string", default: WORKLOADS.join(",") },
    adapter: { type: "string", default: ADAPTERS[0] },
    peers: { type: "string", default: "" },
    repeats: { type: "string", default: "7" },
    out: { type: "string" },
    smoke: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  };
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw usage(error.message);
  }
  if (values.help) throw usage("Times this engine and its peers in headless Chromium.");
  const only = values.smoke ? ["W0"] : values.only.split(",");
  const unknown = only.find((name) => !WORKLOADS.includes(name));
  if (unknown !== undefined) throw usage(`There is no workload "${unknown}".`);
  if (!ADAPTERS.includes(values.adapter)) throw usage(`There is no adapter "${values.adapter}".`);
  const repeats = Number(values.repeats);
  if (!Number.isInteger(repeats) || repeats < 1) throw usage(`--repeats is "${values.repeats}".`);
  const { adapter, out, peers, smoke } = values;
  return { only, adapter, repeats, out, peers, smoke };
}

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
  const own = adapter === "default" ? args.filter((arg) => !arg.startsWith("--use-webgpu-adapter")) : args;
  return chromium.launch({ executablePath, args: own, env });
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
  const options = readArguments();
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
