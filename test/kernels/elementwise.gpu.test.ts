/** Arithmetic, elementary functions and broadcasting against float64. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/gpu/device.js";
import type { Operand, Tensor } from "../../src/tensor/index.js";
import * as ops from "../../src/tensor/index.js";
import { testDevice } from "../support/device.js";
import { nastyNumbers, numbers, ulpError } from "../support/tensors.js";

let device: Device;
beforeAll(async () => {
  device = await testDevice();
});

interface BinaryCase {
  name: string;
  op: (a: Operand, b: Operand) => Promise<Tensor>;
  truth: (x: number, y: number) => number;
  /** ULP: 1 where WGSL may round to either side, 2.5 for a quotient, 0 for a choice. */
  bound: number;
}

const binaries: BinaryCase[] = [
  { name: "add", op: ops.add, truth: (x, y) => x + y, bound: 1 },
  { name: "sub", op: ops.sub, truth: (x, y) => x - y, bound: 1 },
  { name: "mul", op: ops.mul, truth: (x, y) => x * y, bound: 1 },
  { name: "div", op: ops.div, truth: (x, y) => x / y, bound: 2.5 },
  { name: "minimum", op: ops.minimum, truth: Math.min, bound: 0 },
  { name: "maximum", op: ops.maximum, truth: Math.max, bound: 0 },
];

/** Asserts that every entry is within `bound` ULP; below 2^-125 a result may be flushed to 0. */
function expectClose(actual: Float32Array, expected: readonly number[], bound: number) {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) {
    if (Math.abs(value) < 2 ** -125 && Math.abs(actual[i]! - value) <= 2 ** -125) continue;
    const inRange = Math.abs(value) > 3.4028235e38 ? Math.sign(value) * Number.POSITIVE_INFINITY : value;
    expect(ulpError(actual[i]!, inRange), `entry ${i}: ${actual[i]} for ${value}`).toBeLessThanOrEqual(bound);
  }
}

describe.each(binaries)("$name", ({ op, truth, bound }) => {
  test("equal shapes", async () => {
    const x = numbers(1003, 1, 100);
    const y = numbers(1003, 2, 100);
    using a = ops.tensor(device, x, [17, 59]);
    using b = ops.tensor(device, y, [17, 59]);
    using c = await op(a, b);
    expect(c.shape).toEqual([17, 59]);
    expectClose(
      await c.data(),
      [...x].map((v, i) => truth(v, y[i]!)),
      bound,
    );
  });

  test("with a number on either side", async () => {
    const x = numbers(7, 3, 10);
    using a = ops.tensor(device, x, [7]);
    using right = await op(a, 3);
    using left = await op(3, a);
    expectClose(
      await right.data(),
      [...x].map((v) => truth(v, 3)),
      bound,
    );
    expectClose(
      await left.data(),
      [...x].map((v) => truth(3, v)),
      bound,
    );
  });
});

interface UnaryCase {
  name: string;
  op: (x: Tensor) => Promise<Tensor>;
  truth: (x: number) => number;
  inputs: (x: number) => boolean;
  bound: number;
}

const all = () => true;
// Square roots: WGSL allows 1 / inverseSqrt(x), 2 + 2.5 ULP and a half for each rounding.
const unaries: UnaryCase[] = [
  { name: "neg", op: ops.neg, truth: (x) => -x, inputs: all, bound: 0 },
  { name: "abs", op: ops.abs, truth: Math.abs, inputs: all, bound: 0 },
  { name: "exp", op: ops.exp, truth: Math.exp, inputs: all, bound: 3 },
  { name: "log", op: ops.log, truth: Math.log, inputs: (x) => x === 0 || x >= 2 ** -126, bound: 3 },
  { name: "log1p", op: ops.log1p, truth: Math.log1p, inputs: (x) => x > -1, bound: 5 },
  { name: "sqrt", op: ops.sqrt, truth: Math.sqrt, inputs: (x) => x >= 0, bound: 6 },
  { name: "square", op: ops.square, truth: (x) => x * x, inputs: all, bound: 1 },
  { name: "scale by -2.5", op: (x) => ops.scale(x, -2.5), truth: (x) => -2.5 * x, inputs: all, bound: 1 },
];

test.each(unaries)("$name", async ({ op, truth, inputs, bound }) => {
  const x = [...nastyNumbers(), ...numbers(997, 5, 20)].filter(inputs);
  using a = ops.tensor(device, x, [x.length]);
  using result = await op(a);
  expect(result.shape).toEqual([x.length]);
  expectClose(await result.data(), x.map(truth), bound);
});

/** Index of the entry of `shape` that stands at place `index` of `to`, by its coordinates. */
function sourceOf(index: number, shape: readonly number[], to: readonly number[]): number {
  let rest = index;
  let source = 0;
  let stride = 1;
  for (let axis = to.length - 1, own = shape.length - 1; axis >= 0; axis--, own--) {
    const at = rest % to[axis]!;
    rest = Math.floor(rest / to[axis]!);
    if (own < 0) continue;
    if (shape[own]! > 1) source += at * stride;
    stride *= shape[own]!;
  }
  return source;
}

/** A shape and two that broadcast to it. */
const threeShapes = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }).chain((to) => {
  const stretched = fc
    .tuple(fc.integer({ min: 0, max: to.length }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
    .map(([from, ones]) => to.slice(from).map((extent, axis) => (ones[axis] ? 1 : extent)));
  return fc.tuple(fc.constant(to), stretched);
});

test("random shapes broadcast as coordinates say", async () => {
  await fc.assert(
    fc.asyncProperty(threeShapes, fc.boolean(), async ([to, shape], swap) => {
      const sizeOf = (s: number[]) => s.reduce((product, extent) => product * extent, 1);
      const full = numbers(sizeOf(to), 1);
      const part = numbers(sizeOf(shape), 2);
      using a = ops.tensor(device, full, to);
      using b = ops.tensor(device, part, shape);
      using c = await (swap ? ops.sub(b, a) : ops.sub(a, b));
      expect(c.shape).toEqual(to);
      // Differences of f32 are exact in float64, so rounding them to f32 is what a correct device does.
      const difference = [...full].map((v, i) => v - part[sourceOf(i, shape, to)]!);
      expectClose(
        await c.data(),
        difference.map((d) => (swap ? -d : d)),
        1,
      );
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("both operands may be stretched", async () => {
  using column = ops.tensor(device, [1, 2, 3], [3, 1]);
  using row = ops.tensor(device, [10, 20], [2]);
  using outer = await ops.mul(column, row);
  expect([...(await outer.data())]).toEqual([10, 20, 20, 40, 30, 60]);
});

test("an operand may stand on both sides", async () => {
  using a = ops.tensor(device, [1, 2, 3], [3]);
  using twice = await ops.add(a, a);
  expect([...(await twice.data())]).toEqual([2, 4, 6]);
});

test("more than 65,535 workgroups", async () => {
  const n = 65_535 * 256 + 5;
  using a = ops.zeros(device, [n]);
  using ones = await ops.add(a, 1);
  const data = await ones.data();
  expect(data).toHaveLength(n);
  expect(data.every((v) => v === 1)).toBe(true);
});

test("shapes that do not broadcast are named", async () => {
  using a = ops.zeros(device, [2, 3]);
  using b = ops.zeros(device, [2]);
  await expect(ops.add(a, b)).rejects.toThrow("[2, 3] and [2]");
  await expect(ops.add(1, 2)).rejects.toMatchObject({ code: "bad-argument" });
});
