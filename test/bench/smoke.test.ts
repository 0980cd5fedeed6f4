/** The benchmark itself, in a browser, on its smallest workload. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "fjordgpu-bench-"));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

const bench = (...args: string[]) =>
  spawnSync(process.execPath, ["scripts/bench.mjs", ...args], { encoding: "utf8", timeout: 170_000 });

test("peers agree with us, and everyone is timed and counted", { timeout: 180_000 }, () => {
  const out = join(folder, "smoke.json");
  const { status, stdout, stderr } = bench(
    "--smoke",
    "--peers",
    "webgpu, by hand",
    "--repeats",
    "2",
    "--out",
    out,
  );
  // A peer with another loss or gradient makes it 1.
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const { adapter, workloads } = JSON.parse(readFileSync(out, "utf8"));
  expect(adapter.vendor).not.toBe("");
  expect(Object.keys(workloads)).toEqual(["W0"]);
  const { ours, peers, ratio } = workloads.W0;
  const names = ["jax-js webgpu, by hand", "TensorFlow.js webgpu, by hand"];
  expect(Object.keys(peers)).toEqual(names);
  for (const entry of [ours, ...Object.values(peers)]) {
    const { ms, dispatches, submits, buffersCreated, maps } = entry;
    expect(ms.min).toBeGreaterThan(0);
    expect(ms.median).toBeGreaterThanOrEqual(ms.min);
    expect(ms.max).toBeGreaterThanOrEqual(ms.median);
    expect(dispatches).toBeGreaterThan(0);
    expect(submits).toBeGreaterThan(0);
    for (const count of [buffersCreated, maps]) expect(count).toBeGreaterThanOrEqual(0);
  }
  // A step of ours allocates nothing and waits for nothing.
  expect(ours).toMatchObject({ buffersCreated: 0, maps: 0 });
  expect(ours.submits).toBeLessThanOrEqual(1);
  for (const name of names) expect(peers[name].disagreement).toBeLessThan(1e-5);
  const best = Math.min(...names.map((name) => peers[name].ms.median));
  expect(ratio).toBeCloseTo(best / ours.ms.median, 6);
  expect(stdout).toContain("| W0 |");
});

test("wrong usage is told before anything runs", () => {
  const { status, stderr } = bench("--only", "W0,W9");
  expect(status).toBe(2);
  expect(stderr).toContain('There is no workload "W9".');
});
