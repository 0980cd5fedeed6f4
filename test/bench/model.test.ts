import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { expect as expected, GPUS, modelTable, planOf, verdict } from "../../src/bench/model.js";
import { evaluationOperations, FLOW_WORKLOADS, workloadOperations } from "../../src/bench/workloads.js";

const workload = (name: string) => FLOW_WORKLOADS.find((each) => each.name === name)!;
const [integrated, discrete] = [GPUS[0]!, GPUS[1]!];

test("operations of W1 by hand", () => {
  // Values see D + 1 = 3 inputs, the tangent 2: 2 (3·64 + 64² + 64² + 64·2) + 2 (2·64 + 64² + 64² + 64·2).
  const one = 17_024 + 16_896;
  expect(evaluationOperations(workload("W1").shape, 1, 1)).toBe(one);
  expect(workloadOperations(workload("W1"))).toBe(3 * 32 * 512 * one);
  expect(workloadOperations(workload("W2"))).toBe(32 * 40_000 * (17_024 + 2 * 16_896));
  expect(workloadOperations(workload("W1a"))).toBeUndefined();
});

test("tiles, workgroups and launches by hand", () => {
  // An invocation owns 4 samples with a value and a tangent, 8 with two or none, and 8 columns of the widest layer.
  expect(planOf(workload("W0"))).toMatchObject({ path: "fused", launches: 8, tile: 16 });
  expect(planOf(workload("W0")).kernels[0]).toMatchObject({
    workgroups: 2,
    invocations: (16 / 4) * (16 / 8),
  });
  expect(planOf(workload("W1")).kernels[0]).toMatchObject({
    workgroups: 32,
    invocations: (16 / 4) * (64 / 8),
  });
  // Slots for a value, two tangents and σ′ leave workgroup memory for 8 samples; 40,000 rows by 16,384.
  const density = planOf(workload("W2"));
  expect(density).toMatchObject({ launches: 2 * 3, tile: 8 });
  expect(density.kernels.map(({ workgroups }) => workgroups)).toEqual([2048, 2048, 904]);
  expect(density.kernels[0]!.invocations).toBe((8 / 8) * (64 / 8));
  expect(planOf(workload("W3"))).toMatchObject({ launches: 7, tile: 16 });
  expect(planOf(workload("W3")).kernels[0]!.invocations).toBe((16 / 8) * (64 / 8));
  // W1 keeps every stage: per sample and slot the inputs of 4 layers, in 32 evaluations.
  const [, reverse] = planOf(workload("W1")).kernels;
  const once = workloadOperations(workload("W1"))! / 3;
  expect(reverse!.operations).toBe(2 * once);
  expect(reverse!.bytes).toBeGreaterThan(4 * 32 * 512 * 2 * (4 + 64 + 64 + 64));
  // W4 evaluates every stage again.
  expect(planOf(workload("W4")).kernels[1]!.operations).toBe(workloadOperations(workload("W4")));
});

test("what bounds a call follows from its shares", () => {
  // Two tiles of W0 leave nearly all of a GPU idle, and of their two subgroups three quarters.
  const small = expected(planOf(workload("W0")), discrete);
  expect(small.fill).toBe((2 * 8) / 8192);
  expect(small.lanes).toBe(8 / 32);
  expect(small.launching + small.arithmetic + small.memory).toBeCloseTo(1, 12);
  // W2 has workgroups for all lanes, a quarter of which compute.
  const narrow = expected(planOf(workload("W2")), discrete);
  expect(narrow.fill).toBe(0.25);
  expect(verdict(narrow).next).toBe("workgroups as wide as a subgroup");
  // 32 evaluations of 1,024 rows with 512-wide layers.
  const wide = expected(planOf(workload("W4")), integrated);
  expect(verdict(wide).bound).toContain("arithmetic");
  // At 0.4 of 2 TFLOP/s the products alone take this long, and a third more for what is evaluated again.
  expect(wide.ms).toBeGreaterThan(((4 / 3) * 1e3 * workloadOperations(workload("W4"))!) / (0.4 * 2e12));
  expect(wide.ms).toBeGreaterThan(expected(planOf(workload("W4")), discrete).ms);
});

test("the documentation holds the table of this model, with a row for every workload and GPU", () => {
  const table = modelTable(FLOW_WORKLOADS.filter(({ shape }) => shape.rkSteps > 0));
  expect(table.split("\n")).toHaveLength(2 + 5 * 2);
  expect(readFileSync("docs/benchmark.md", "utf8")).toContain(table);
});
