/** What scripts/test.mjs tells after all stages: failures once more, what needed another try, what took longest. */
import { stripVTControlCharacters } from "node:util";

/** Lines of a failure's message, and entries of what took longest. */
const LINES = 8;
const SLOWEST = 5;

/**
 * Counts, failures and times of Playwright's JSON report, as scripts/vitest-report.mjs writes those of vitest.
 * What it took is that of each test.
 */
export function playwrightReport({ suites, stats, errors }) {
  const failures = errors.map(({ message }) => ({ where: "outside of the tests", message }));
  const retried = [];
  const took = [];
  const visit = (suite, path) => {
    for (const { title, tests, ok } of suite.specs ?? []) {
      const what = [...path, title].join(" > ");
      const results = tests.flatMap((test) => test.results);
      took.push({ what, seconds: results.reduce((sum, { duration }) => sum + duration, 0) / 1000 });
      if (!ok) failures.push({ where: what, message: results.at(-1)?.error?.message ?? "no result" });
      const first = ok && results.find(({ status }) => status === "failed" || status === "timedOut");
      if (first) retried.push({ where: what, message: first.error?.message ?? first.status });
    }
    for (const inner of suite.suites ?? []) visit(inner, [...path, inner.title]);
  };
  for (const suite of suites) visit(suite, [`test/e2e/${suite.file}`]);
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected + errors.length,
    skipped: stats.skipped,
    failures,
    retried,
    took,
  };
}

/**
 * Each failure with the first lines of its message.
 * @param kind "failures", or "retried": those that passed when they were tried again
 */
export function failureLines(stages, kind = "failures") {
  return stages.flatMap(({ name, [kind]: failures = [] }) =>
    failures.flatMap(({ where, message }) => {
      const lines = stripVTControlCharacters(message)
        .split("\n")
        .filter((line) => line.trim() !== "");
      return [`${name}: ${where}`, ...lines.slice(0, LINES).map((line) => `    ${line}`)];
    }),
  );
}

/** Of each stage what took longest. */
export function slowestLines(stages) {
  return stages.flatMap(({ name, took }) =>
    [...took]
      .sort((one, other) => other.seconds - one.seconds)
      .slice(0, SLOWEST)
      .map(({ what, seconds }) => `${name.padEnd(8)} ${seconds.toFixed(1).padStart(7)} s  ${what}`),
  );
}
