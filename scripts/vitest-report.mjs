/**
 * A reporter of vitest that writes what scripts/test.mjs tells at the end to the file that FJORD_REPORT names:
 * counts, everything that failed, and what each file took. Vitest's own JSON says nothing of errors outside of
 * tests, such as a promise that nobody waited for, though they fail the run.
 */
import { writeFileSync } from "node:fs";

export default class Report {
  onTestRunEnd(modules, unhandled) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const failures = [];
    const fail = (where, errors) => {
      for (const { name, message, diff, stacks } of errors) {
        const [at] = stacks ?? [];
        const place = at ? `at ${at.file}:${at.line}` : "";
        failures.push({ where, message: [`${name}: ${message}`, place, diff ?? ""].join("\n") });
      }
    };
    const took = [];
    for (const module of modules) {
      const file = module.relativeModuleId;
      took.push({ what: file, seconds: module.diagnostic().duration / 1000 });
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        counts[state === "passed" || state === "failed" ? state : "skipped"] += 1;
        if (state === "failed") fail(`${file} > ${test.fullName}`, errors ?? []);
      }
      // Hooks, and files that cannot be loaded.
      const broken = [module, ...module.children.allSuites()].filter((suite) => suite.errors().length > 0);
      for (const suite of broken) {
        counts.failed += 1;
        fail(
          `${file}${suite === module ? "" : ` > ${suite.fullName}`}, outside of its tests`,
          suite.errors(),
        );
      }
    }
    for (const error of unhandled) {
      counts.failed += 1;
      // Vitest knows which file was under way, not which one is to blame.
      const during = [error.VITEST_TEST_PATH, error.VITEST_TEST_NAME].filter(Boolean).join(" > ");
      const where = `unhandled error${during && ` during ${during}`}`;
      failures.push({ where, message: error.stack ?? `${error.name}: ${error.message}` });
    }
    writeFileSync(process.env.FJORD_REPORT, JSON.stringify({ ...counts, failures, took }));
  }
}
