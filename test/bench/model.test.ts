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

test("narrow fields are fused, wide ones are not", () => {
  expect(planOf(workload("W0"))).toMatchObject({ path: "fused", launches: 8 });
  expect(planOf(workload("W2"))).toMatchObject({ path: "fused", launches: 1 });
  expect(planOf(workload("W4")).path).toBe("layered");
});

test("what bounds a call follows from its shares", () => {
  // Two tiles of W0 leave nearly all of a GPU idle, and its arithmetic is next to nothing.
  const small = expected(planOf(workload("W0")), discrete);
  expect(small.fill).toBe(64 / 8192);
  expect(small.launching + small.arithmetic + small.memory).toBeCloseTo(1, 12);
  // 32 evaluations of 1,024 rows with 512-wide layers.
  const wide = expected(planOf(workload("W4")), integrated);
  expect(verdict(wide).bound).toBe("arithmetic");
  // At 0.4 of 2 TFLOP/s the products alone take this long.
  expect(wide.ms).toBeGreaterThan((1e3 * workloadOperations(workload("W4"))!) / (0.4 * 2e12));
  expect(wide.ms).toBeGreaterThan(expected(planOf(workload("W4")), discrete).ms);
});

test("the documentation holds the table of this model, with a row for every workload and GPU", () => {
  const table = modelTable(FLOW_WORKLOADS.filter(({ shape }) => shape.rkSteps > 0));
  expect(table.split("\n")).toHaveLength(2 + 5 * 2);
  expect(readFileSync("docs/benchmark.md", "utf8")).toContain(table);
});
