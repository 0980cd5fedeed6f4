import { expect, test } from "vitest";
import { between } from "../../scripts/between.js";
import type { BenchReport, Entry } from "../../src/bench/report.js";
import { benchTable, short } from "../../src/bench/table.js";
import { scalingPlot } from "./plot.js";

const entry = (median: number): Entry => ({
  ms: { median, min: median - 1, max: median + 1 },
  repeats: 3,
  callsPerRepeat: 1,
  dispatches: 7,
  submits: 0.25,
  passes: 1,
  buffersCreated: 0,
  maps: 0,
  bytesWritten: 0,
  peakBytes: 0,
});

const report: BenchReport = {
  adapter: { vendor: "acme", architecture: "one", description: "", isSoftware: true },
  host: "Browser/1.0",
  date: "2026-01-02T03:04:05Z",
  workloads: {
    W0: {
      about: "a step",
      ours: entry(4),
      split: entry(6),
      peers: {
        "a webgpu, slow": entry(1200),
        "b webgpu": { ...entry(40), scaledBy: 8, disagreement: 2e-6 },
        "c wasm": entry(10),
        "d webgpu": { error: "It is off by 0.1." },
      },
      ratio: 10,
    },
  },
};

test("the table holds ours, the best WebGPU peer, and why another was not measured", () => {
  const text = benchTable(report);
  expect(text).toContain("acme, one (software). Browser/1.0. 2026-01-02.");
  expect(text).toContain(
    "| W0 | a step | 4 [3–5] | 40 [39–41], 8 × a part (b webgpu) | 10.0× | – | 7 | 0.25 | 0 | 0 |",
  );
  expect(text).toContain("| W0 | a webgpu, slow | 1,200 [1,199–1,201] | 7 | 0.25 | 0 | – |");
  expect(text).toContain("| W0 | ours, in the smallest submissions | 6 [5–7] | 7 | 0.25 | 0 | – |");
  expect(text).toContain("| W0 | d webgpu | not measured: It is off by 0.1. |");
  expect(short(0.123456)).toBe("0.123");
});

test("W1a is compared with the best peer of W1 by evaluation", () => {
  const W1 = {
    about: "a step",
    ours: { ...entry(64), nfe: 64 },
    peers: { "a webgpu": entry(128) },
    ratio: 2,
  };
  const W1a = { about: "adaptive", ours: { ...entry(80), nfe: 40 }, peers: {}, ratio: null };
  const text = benchTable({ ...report, workloads: { W1, W1a } });
  expect(text).toContain("An evaluation of W1a, of 40: 2 ms; of W1's best peer, of 64: 2 ms, 1.00×.");
});

test("with M, shares of the adapter's own rates", () => {
  const product = {
    about: "product",
    ours: entry(20),
    reference: { ...entry(10), gflops: 4 },
    ofBest: 0.5,
    peers: {},
    ratio: null,
  };
  const M = { ...product, sizes: { "1×2×3": product }, multiplyAdds: { ...entry(1), gflops: 12 } };
  const W1 = { ...report.workloads.W0!, ours: { ...entry(4), gflops: 2.4 } };
  expect(benchTable({ ...report, workloads: { W1, M } })).toContain(
    "Multiply-adds in registers: 12 GFLOP/s; the bare product kernel: 4. " +
      "Our products at 0.50 (1×2×3) of the bare kernel's rate. Share of it at the middle size: W1 0.60.",
  );
});

test("text between markers is replaced, and nothing else", () => {
  const page = "a\n<!-- x -->\n\nold\n\n<!-- /x -->\nb\n";
  expect(between(page, "x", "new\n")).toBe("a\n<!-- x -->\n\nnew\n\n<!-- /x -->\nb\n");
  expect(() => between(page, "y", "new")).toThrow('marked "y"');
});

test("the plot has a panel for each axis and places within it", () => {
  const points = [1, 10, 100].map((x) => ({ x, ms: { median: 2 * x, min: x, max: 3 * x } }));
  const svg = scalingPlot([
    { axis: "batch", points, slope: 1 },
    { axis: "width", points, slope: 1.9 },
  ]);
  expect(svg.match(/<g /g)).toHaveLength(2);
  expect(svg).toContain("width, slope 1.90");
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  // Logarithmic: the middle point stands in the middle of the panel's 66 … 258.
  expect(svg).toContain("L162 ");
});
