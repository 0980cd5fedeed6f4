import { expect, test } from "vitest";
import { between } from "../../scripts/between.js";
import type { BenchReport, Entry, QualityEntry } from "../../src/bench/report.js";
import { benchTable, short } from "../../src/bench/table.js";
import { scalingPlot } from "./plot.js";
import { targetsTable } from "./targets.js";

const entry = (median: number): Entry => ({
  ms: { median, min: median - 1, max: median + 1 },
  repeats: 3,
  callsPerRepeat: 1,
  dispatches: 7,
  submits: 0.25,
  passes: 1,
  buffersCreated: 0,
  maps: 0,
  bytesWritten: 48,
  peakBytes: 3 * 2 ** 20,
  hostMs: 0.125,
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
        "b webgpu": { ...entry(40), scaledBy: 8, disagreement: 2e-6, peakOfPart: true },
        "e webgpu": { ...entry(90), repeats: 1 },
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
  expect(text).toContain("| W0 | a webgpu, slow | 1,200 [1,199–1,201] | 7 | 0.25 | 0 | 3 | – |");
  expect(text).toContain("| W0 | b webgpu | 40 [39–41], 8 × a part | 7 | 0.25 | 0 | 3, a part | 2.0e-6 |");
  expect(text).toContain("| W0 | e webgpu | 90, once |");
  expect(text).toContain("| W0 | ours, a dispatch a Runge–Kutta step | 6 [5–7] | 7 | 0.25 | 0 | 3 | – |");
  expect(text).toContain("| W0 | d webgpu | not measured: It is off by 0.1. |");
  expect(short(0.123456)).toBe("0.123");
});

test("memory, time in JavaScript and bytes written of ours", () => {
  expect(benchTable(report)).toContain("| W0 | 3 | 0.125 | 48 |");
  // With several submissions in a call, the time until the last one holds waits for the others.
  const W2 = { about: "a grid", ours: { ...entry(9), submits: 6 }, peers: {}, ratio: null };
  expect(benchTable({ ...report, workloads: { W2 } })).toContain("| W2 | 3 | – | 48 |");
});

test("settings, steps and KL of the way to quality", () => {
  const quality = (median: number, repeats: number): QualityEntry => ({
    ...entry(median),
    repeats,
    steps: 1520,
    kl: 0.1187,
    setting: "a setting",
  });
  const T = {
    about: "time to quality",
    ours: quality(20, 3),
    peers: { "a webgpu": quality(240, 1) },
    ratio: 12,
  };
  const text = benchTable({ ...report, workloads: { T } });
  expect(text).toContain("| ours | a setting | 1,520 | 0.119 | 20 [19–21] |");
  expect(text).toContain("| a webgpu | a setting | 1,520 | 0.119 | 240, once |");
});

test("targets are reached, missed or not measured", () => {
  const W0 = { ...report.workloads.W0!, ours: { ...entry(4), dispatches: 9 }, ratio: 31 };
  const W3 = { about: "samples", ours: entry(4), peers: {}, ratio: null };
  const text = targetsTable({ ...report, workloads: { W0, W3 } });
  expect(text).toContain("| W3 | faster than the best WebGPU peer | ≥ 2× | – | not measured |");
  expect(text).toContain("| W0 | faster than the best WebGPU peer | ≥ 30× | 31× | reached |");
  expect(text).toContain("| W0 | dispatches a step | ≤ 8 | 9 | missed |");
  expect(text).toContain("| W0 | JavaScript a step | ≤ 0.2 ms | 0.125 ms | reached |");
  expect(text).not.toContain("W4");
  const real = targetsTable({
    ...report,
    adapter: { ...report.adapter, isSoftware: false },
    workloads: { W0 },
  });
  expect(real).not.toContain("WebGPU peer");
  expect(real).toContain("| W0 | dispatches a step |");
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
    ours: { ...entry(20), gflops: 2 },
    reference: { ...entry(10), gflops: 4 },
    ofBest: 0.5,
    peers: { "a webgpu": { ...entry(7), gflops: 6 }, "b wasm": { ...entry(1), gflops: 40 } },
    ratio: null,
  };
  const M = { ...product, sizes: { "1×2×3": product }, multiplyAdds: { ...entry(1), gflops: 12 } };
  const W1 = { ...report.workloads.W0!, ours: { ...entry(4), gflops: 2.4 } };
  const text = benchTable({ ...report, workloads: { W1, M } });
  expect(text).toContain(
    "Multiply-adds in registers: 12 GFLOP/s; the bare product kernel: 4; the fastest product of the run: 6.",
  );
  expect(text).toContain("| M 1×2×3 | product | 20 [19–21] |");
  expect(text).toContain("Our products at 0.50 (1×2×3) of the bare kernel's rate.");
  expect(text).toContain(
    "Share of the fastest product's rate (of the bare kernel's at the middle size): W1 0.40 (0.60).",
  );
  const targets = targetsTable({ ...report, workloads: { W1, M } });
  expect(targets).toContain(
    "| W1 | GFLOP/s, as a share of the fastest product of the run | ≥ 0.5 | 0.4 | missed |",
  );
  expect(targets).toContain(
    "| M | share of the bare kernel's rate, at the size where it is least | ≥ 0.95 | 0.5 | missed |",
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
