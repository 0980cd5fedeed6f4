/** What `fjordgpu bench` and the engine page share: which workloads, what happens to one that fails, the table. */
import { readFileSync } from "node:fs";
import {
  bench,
  defaultWorkloads,
  describeWorkload,
  expectedText,
  ownTable,
  WHERE_TO_SEND,
  WORKLOADS,
} from "fjordgpu/bench";
import { expect, test } from "vitest";
import type { Entry } from "../../src/bench/report.js";
import type { Device } from "../../src/index.js";

const adapter = { vendor: "acme", architecture: "one", description: "", isSoftware: false };

test("W4 is for GPUs, unless it is asked for", () => {
  expect(defaultWorkloads({ isSoftware: false })).toEqual([...WORKLOADS]);
  expect(defaultWorkloads({ isSoftware: true })).toEqual(["W0", "W1", "W1a", "W2", "W3", "M"]);
});

test("a workload has a row for each of its results", () => {
  expect(describeWorkload("M").results).toEqual(["M 512×64×64", "M 1024×512×512", "M 2048×2048×2048"]);
  expect(describeWorkload("W3")).toEqual({ about: "100,000 samples", results: ["W3"] });
});

test("what cannot be asked for", async () => {
  const device = { adapter } as Device;
  const wrong = bench(device, { only: ["W9" as "W1"], host: "" });
  await expect(wrong).rejects.toMatchObject({
    name: "ArgumentError",
    message: expect.stringContaining('"W9"'),
  });
  await expect(bench(device, { only: [], host: "" })).rejects.toMatchObject({ name: "ArgumentError" });
  await expect(bench(device, { repeats: 0, host: "" })).rejects.toMatchObject({ name: "ArgumentError" });
});

test("a workload that fails is told apart, and the next one is tried", async () => {
  const device = {
    adapter,
    createBuffer: () => {
      throw new Error("Out of\nmemory.");
    },
  } as unknown as Device;
  const report = await bench(device, { only: ["M"], repeats: 1, host: "Node" });
  expect(report.workloads).toEqual({});
  expect(Object.keys(report.failures)).toEqual(describeWorkload("M").results);
  expect(ownTable({ ...report, failures: { W4: "Out of\nmemory." } })).toContain(
    `| W4 | not measured: Out of memory. | – | ${expectedText("W4")} | – | – | – |`,
  );
});

test("the table names the adapter, the host and the day, and marks what was scaled", () => {
  const ours: Entry = {
    ms: { median: 1234.5, min: 4, max: 5000 },
    repeats: 3,
    callsPerRepeat: 1,
    dispatches: 8,
    submits: 0.25,
    passes: 1,
    buffersCreated: 0,
    maps: 0,
    bytesWritten: 0,
    peakBytes: 0,
    gflops: 3.456,
  };
  const result = { about: "a step", peers: {}, ratio: null };
  const table = ownTable({
    adapter,
    host: "Chrome/150.0",
    date: "2026-01-02T03:04:05Z",
    workloads: {
      W0: { ...result, ours },
      W1a: { ...result, ours: { ...ours, gflops: undefined, scaledBy: 8 } },
    },
    failures: {},
  });
  expect(table.split("\n")).toEqual([
    "Adapter: acme, one. Chrome/150.0. 2026-01-02.",
    "",
    "|  | what | ms, median [fastest–slowest] | a GPU by the model, ms | GFLOP/s | dispatches | submits |",
    "|---|---|---|---|---|---|---|",
    `| W0 | a step | 1,235 [4–5,000] | ${expectedText("W0")} | 3.46 | 8 | 0.25 |`,
    "| W1a | a step | 1,235 [4–5,000], 8 × a part | – | – | 8 | 0.25 |",
  ]);
});

test("what the model expects is a range of its GPUs, where it expects anything", () => {
  const [from, to] = expectedText("W2").split("–").map(Number);
  // W2 is arithmetic alone: the GPUs of the model differ fifteen-fold in that.
  expect(to! / from!).toBeCloseTo(15, 1);
  expect(expectedText("W1a")).toBe("–");
  expect(expectedText("M 512×64×64")).toBe("–");
});

test("where to send it is the package's tracker once it names one", () => {
  const { bugs, repository } = JSON.parse(readFileSync("package.json", "utf8"));
  const url = bugs?.url ?? bugs ?? repository?.url ?? repository;
  expect(WHERE_TO_SEND).toContain(url ?? "docs/benchmark.md by a pull request");
});
