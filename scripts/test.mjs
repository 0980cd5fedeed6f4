/**
 * npm test: everything, from a fresh clone, in plain Node. Installs, then type check, lint, tests in Node, tests
 * in a browser, end-to-end tests. Goes on after a failure and ends with one line that sums all runners up.
 *
 *   node scripts/test.mjs                 all stages
 *   node scripts/test.mjs node e2e        the named stages only
 *   node scripts/test.mjs --long          the long tests, in Node
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

// A native driver can block for ever, which no test's own time limit notices. The long tests may take hours.
const minutesPerStage = process.argv.includes("--long") ? 360 : 30;

const results = join(root, "test-results");

const bin = {
  tsc: "node_modules/typescript/bin/tsc",
  biome: "node_modules/@biomejs/biome/bin/biome",
  vitest: "node_modules/vitest/vitest.mjs",
  playwright: "node_modules/@playwright/test/cli.js",
};

function vitest(project, env = {}) {
  const report = join(results, `${project}.json`);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const command = [bin.vitest, "run", "--project", project, ...reporters];
  return { name: project, command, env, report, count: countVitest };
}

const stages = [
  { name: "devices", command: ["scripts/devices.mjs"] },
  { name: "types", command: [bin.tsc, "-p", "."] },
  { name: "lint", command: [bin.biome, "check"] },
  vitest("node"),
  vitest("browser"),
  {
    name: "e2e",
    command: [bin.playwright, "test"],
    report: join(results, "e2e.json"),
    count: countPlaywright,
  },
];

/** Counts of vitest's JSON report; a file that could not be loaded counts as one failure. */
function countVitest(report) {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function countPlaywright({ stats, errors }) {
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected + errors.length,
    skipped: stats.skipped,
  };
}

/** Runs one stage with its output shown; returns its counts and seconds. */
async function run({ name, command, env, report, count }) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const code = await new Promise((resolve) => {
    const options = { cwd: root, stdio: "inherit", env: { ...process.env, ...env } };
    const child = spawn(process.execPath, command, options);
    const limit = setTimeout(() => {
      console.error(`${name} did not end within ${minutesPerStage} minutes.`);
      child.kill("SIGKILL");
    }, minutesPerStage * 60_000);
    child.on("error", () => resolve(1));
    child.on("exit", (status) => {
      clearTimeout(limit);
      resolve(status ?? 1);
    });
  });
  let counts = { passed: 0, failed: 0, skipped: 0 };
  if (report) {
    try {
      counts = count(JSON.parse(readFileSync(report, "utf8")));
    } catch {
      counts.failed = 1; // The runner died before it could report.
    }
  }
  // Checks without counts, and runners that fail for another reason than a test, count as one failure.
  if (code !== 0) counts.failed = Math.max(counts.failed, 1);
  return { name, ...counts, seconds: (performance.now() - start) / 1000 };
}

async function main(args) {
  const long = args.includes("--long");
  const named = args.filter((arg) => !arg.startsWith("--"));
  const all = long ? [vitest("long", { FJORD_LONG: "1" })] : stages;
  const unknown = named.find((name) => !all.some((stage) => stage.name === name));
  if (unknown)
    throw new Error(`There is no stage "${unknown}". Stages: ${all.map(({ name }) => name).join(", ")}.`);

  await setUp();
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  const done = [];
  for (const stage of all) {
    if (named.length === 0 || named.includes(stage.name)) done.push(await run(stage));
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
