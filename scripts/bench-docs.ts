/**
 * npm run bench:docs -- FILE: puts the tables of a benchmark's JSON, and those of the model for real GPUs, between
 * their markers in docs/benchmark.md, and the picture of S beside it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { BenchReport } from "../src/bench/report.js";
import { scalingPlot } from "../test/bench/plot.js";
import { benchmarkPage } from "./benchmark-page.js";

const PAGE = "docs/benchmark.md";
const [file = "bench-results/latest.json"] = process.argv.slice(2);

const report = JSON.parse(readFileSync(file, "utf8")) as BenchReport;
writeFileSync(PAGE, benchmarkPage(readFileSync(PAGE, "utf8"), report));
if (report.scaling) writeFileSync("docs/benchmark-scaling.svg", scalingPlot(report.scaling));
console.log(`${PAGE} holds the results of ${report.date}`);
