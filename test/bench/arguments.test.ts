/** What `npm run bench` makes of its options, and `npm run bench:docs` of a run: no browser here. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { browserArguments, readArguments } from "../../scripts/bench-arguments.mjs";
import { benchmarkPage } from "../../scripts/benchmark-page.js";
import type { BenchReport } from "../../src/bench/report.js";

test("everything on the software adapter, or what is asked for", () => {
  expect(readArguments([])).toMatchObject({ adapter: "swiftshader", repeats: 7, peers: "", smoke: false });
  expect(readArguments([]).only).toHaveLength(9);
  const asked = readArguments(["--only", "W0,M", "--adapter", "default", "--repeats", "3", "--peers", "jax"]);
  expect(asked).toMatchObject({ only: ["W0", "M"], adapter: "default", repeats: 3, peers: "jax" });
});

test.each([
  [["--adapter", "lavapipe"], 'There is no adapter "lavapipe".'],
  [["--repeats", "0"], '--repeats is "0".'],
  [["--repeats", "2.5"], '--repeats is "2.5".'],
  [["--repeats", "many"], '--repeats is "many".'],
  [["--only", "W9"], 'There is no workload "W9".'],
])("%j is refused", (args, reason) => {
  expect(() => readArguments(args)).toThrow(reason);
});

test("the browser's own adapter is not forced upon it", () => {
  const usual = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
  expect(browserArguments("swiftshader", usual)).toEqual(usual);
  expect(browserArguments("default", usual)).toEqual(["--enable-unsafe-webgpu"]);
});

test("the tables of a run take their places in the documentation, and its text stays", () => {
  const adapter = { vendor: "acme", architecture: "", description: "", isSoftware: true };
  const report: BenchReport = { adapter, host: "Browser/1.0", date: "2026-01-02T03:04:05Z", workloads: {} };
  const page = readFileSync("docs/benchmark.md", "utf8");
  const made = benchmarkPage(page, report);
  expect(made).toContain("Adapter: acme (software). Browser/1.0. 2026-01-02.");
  const textOf = (text: string) => text.replace(/<!-- (\w+) -->[\s\S]*?<!-- \/\1 -->/g, "");
  expect(textOf(made)).toBe(textOf(page));
  expect(() => benchmarkPage("no places", report)).toThrow('marked "results"');
});
