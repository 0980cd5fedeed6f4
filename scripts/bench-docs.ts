/**
 * npm run bench:docs -- FILE: puts the tables of a benchmark's JSON, and those of the model for real GPUs, between
 * their markers in docs/benchmark.md, and the picture of S beside it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { modelTable } from "../src/bench/model.js";
import type { BenchReport } from "../src/bench/report.js";
import { benchTable } from "../src/bench/table.js";
import { FLOW_WORKLOADS } from "../src/bench/workloads.js";
import { scalingPlot } from "../test/bench/plot.js";
import { between } from "./between.js";

const PAGE = "docs/benchmark.md";
const [file = "bench-results/latest.json"] = process.argv.slice(2);

const report = JSON.parse(readFileSync(file, "utf8")) as BenchReport;
let text = readFileSync(PAGE, "utf8");
text = between(text, "results", benchTable(report));
// The model is for fixed steps.
const modelled = FLOW_WORKLOADS.filter(({ shape }) => shape.rkSteps > 0);
text = between(text, "model", modelTable(modelled));
writeFileSync(PAGE, text);
if (report.scaling) writeFileSync("docs/benchmark-scaling.svg", scalingPlot(report.scaling));
console.log(`${PAGE} holds the results of ${report.date}`);
