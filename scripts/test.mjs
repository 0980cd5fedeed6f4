/**
 * npm test: everything, from a fresh clone, in plain Node. Installs, then type check, lint, tests in Node, tests
 * in a browser, end-to-end tests. Goes on after a failure, and ends with what failed, what took longest, and one
 * line that sums all runners up.
 *
 *   node scripts/test.mjs                 all stages
 *   node scripts/test.mjs node e2e        the named stages only
 *   node scripts/test.mjs --long          the long tests, in Node
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";
import { failureLines, playwrightReport, slowestLines } from "./test-report.mjs";

// A native driver can block for ever, which no test's own time limit notices. The long tests may take hours.
const minutesPerStage = process.argv.includes("--long") ? 360 : 30;

const results = join(root, "test-results");

const bin = {
  tsc: "node_modules/typescript/bin/tsc",
  biome: "node_modules/@biomejs/biome/bin/biome",
  vitest: "node_modules/vitest/vitest.mjs",
  playwright: "node_modules/@playwright/test/cli.js",
};

function vitest(project, changes = {}) {
  const report = join(results, `${project}.json`);
  const reporters = ["--reporter=default", "--reporter=./scripts/vitest-report.mjs"];
  const command = [bin.vitest, "run", "--project", project, ...reporters];
  return { name: project, command, env: { FJORD_REPORT: report }, report, read: (json) => json, ...changes };
}

/**
 * In order. Those in one list run at the same time: compiling kernels, which is most of their work on a software
 * adapter, keeps one core busy. The end-to-end tests have the machine for themselves, since they watch frames.
 */
const stages = [
  [{ name: "devices", command: ["scripts/devices.mjs"] }],
  [{ name: "types", command: [bin.tsc, "-p", "."] }],
  [{ name: "lint", command: [bin.biome, "check"] }],
  [vitest("node"), vitest("browser")],
  [
    {
      name: "e2e",
      command: [bin.playwright, "test"],
      report: join(results, "e2e.json"),
      read: playwrightReport,
    },
  ],
];

const NOTHING = { passed: 0, failed: 0, skipped: 0, failures: [], took: [] };

/** What a stage's runner reports; without a report file nothing. */
function reportOf({ report, read }) {
  if (!report) return NOTHING;
  try {
    return read(JSON.parse(readFileSync(report, "utf8")));
  } catch (error) {
    const message = `It ended before it could report: ${error.message}`;
    return { ...NOTHING, failed: 1, failures: [{ where: "the runner", message }] };
  }
}

/**
 * Runs one stage; returns its report and seconds. Its output is shown as it comes, or, with `later`, when that has
 * resolved: stages that run at the same time would mix theirs.
 */
async function run(stage, later) {
  const { name, command, env } = stage;
  if (!later) console.log(`\n== ${name}`);
  const start = performance.now();
  const held = [];
  const code = await new Promise((resolve) => {
    const stdio = later ? ["ignore", "pipe", "pipe"] : "inherit";
    const colours = process.stdout.isTTY ? { FORCE_COLOR: "1" } : {};
    const options = { cwd: root, stdio, env: { ...process.env, ...(later ? colours : {}), ...env } };
    const child = spawn(process.execPath, command, options);
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => held.push(chunk));
    const limit = setTimeout(() => {
      console.error(`${name} did not end within ${minutesPerStage} minutes.`);
      child.kill("SIGKILL");
    }, minutesPerStage * 60_000);
    child.on("error", () => resolve(1));
    child.on("close", (status) => {
      clearTimeout(limit);
      resolve(status ?? 1);
    });
  });
  const seconds = (performance.now() - start) / 1000;
  const found = reportOf(stage);
  if (later) {
    await later;
    console.log(`\n== ${name}`);
    process.stdout.write(Buffer.concat(held));
  }
  // Checks without counts, and runners that fail for another reason than a test, count as one failure.
  if (code !== 0 && found.failed === 0) {
    const failures = [{ where: "the runner", message: `It ended with code ${code}.` }];
    return { name, ...found, failed: 1, failures, seconds };
  }
  return { name, ...found, seconds };
}

async function main(args) {
  const long = args.includes("--long");
  const named = args.filter((arg) => !arg.startsWith("--"));
  const all = long
    ? [[vitest("long", { env: { FJORD_LONG: "1", FJORD_REPORT: join(results, "long.json") } })]]
    : stages;
  const names = all.flat().map(({ name }) => name);
  const unknown = named.find((name) => !names.includes(name));
  if (unknown) throw new Error(`There is no stage "${unknown}". Stages: ${names.join(", ")}.`);

  await setUp();
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  const done = [];
  for (const together of all) {
    const wanted = together.filter(({ name }) => named.length === 0 || named.includes(name));
    const running = [];
    for (const stage of wanted) running.push(run(stage, running.at(-1)));
    done.push(...(await Promise.all(running)));
  }
  const sections = {
    failed: failureLines(done),
    "failed at first, passed when tried again": failureLines(done, "retried"),
    "took longest": slowestLines(done),
  };
  for (const [title, lines] of Object.entries(sections)) {
    if (lines.length > 0) console.log(`\n== ${title}\n${lines.join("\n")}`);
  }
  console.log("");
  for (const { name, passed, failed, skipped, seconds } of done) {
    const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
    const outcome = passed + failed + skipped === 0 ? "ok" : counts;
    console.log(`${name.padEnd(8)} ${seconds.toFixed(1).padStart(7)} s  ${outcome}`);
  }
  const sum = (key) => done.reduce((total, stage) => total + stage[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

let total = { passed: 0, failed: 1, skipped: 0 };
try {
  total = await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
