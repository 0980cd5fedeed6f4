import { expect, test } from "vitest";
import { problemOf } from "../../src/bench/problem.js";
import { FLOW_WORKLOADS } from "../../src/bench/workloads.js";
import { largestDisagreement, paramsOf, partsOf, relativeError } from "./peers/layout.js";

const { field, params } = problemOf(FLOW_WORKLOADS[0]!.shape, 4);

test("θ survives the way to the formulas' layout and back", () => {
  const { W, b, time } = partsOf(field, params);
  expect(W.map(({ shape }) => shape)).toEqual([
    [2, 16],
    [16, 16],
    [16, 2],
  ]);
  // Time is column 0 of the first layer, whose rows are 1 + D long.
  expect(time.values[5]).toBe(params[5 * 3]);
  expect(W[0]!.values[1 * 16 + 5]).toBe(params[5 * 3 + 2]);
  const values = (parts: typeof W) => parts.map((part) => part.values);
  expect(paramsOf(field, { W: values(W), b: values(b), time: time.values })).toEqual(params);
});

test("a disagreement is measured against the largest entry of its own tensor", () => {
  const other = params.slice();
  const { offset, size } = field.layout.find(({ name }) => name === "layers.1.b")!;
  const largest = Math.max(...params.subarray(offset, offset + size).map(Math.abs));
  other[offset] = other[offset]! + 0.5 * largest;
  expect(largestDisagreement(field, other, params)).toBeCloseTo(0.5, 5);
  expect(relativeError([1, Number.NaN], [1, 2])).toBe(Number.POSITIVE_INFINITY);
});
