/** The elementary functions of shaders/common/math.wgsl against float64, in ULP of f32. */
import { describe, expect, test } from "vitest";
import mathSource from "../../shaders/common/math.wgsl?raw";
import type { KernelModule } from "../../src/gpu/kernel-module.js";
import { testDevice } from "../support/device.js";
import { nastyNumbers, numbers, ulpError } from "../support/tensors.js";

/** A kernel that applies an expression in `x` to a vec4 of each invocation. */
function kernelOf(expression: string) {
  return {
    name: `test/${expression}`,
    hash: `test ${expression}`,
    code: `${mathSource}
@group(0) @binding(0) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> result: array<vec4<f32>>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= arrayLength(&result)) { return; }
  let x = input[id.x];
  result[id.x] = ${expression};
}`,
    constants: {},
    entryPoints: {
      main: {
        workgroupSize: [64, 1, 1],
        bindings: {
          input: { binding: 0, type: "read-only-storage", minSize: 16 },
          result: { binding: 1, type: "storage", minSize: 16 },
        },
      },
    },
    structs: {},
    sources: [],
  } as const satisfies KernelModule;
}

async function evaluate(expression: string, inputs: Float32Array): Promise<Float32Array> {
  const device = await testDevice();
  const padded = new Float32Array(4 * Math.ceil(inputs.length / 4));
  padded.set(inputs);
  const input = device.buffer({ label: "input", data: padded });
  const result = device.buffer({ label: "result", size: padded.byteLength });
  try {
    const kernel = await device.kernel(kernelOf(expression), "main");
    device.run([kernel.bind({ input, result }, [Math.ceil(padded.length / 256), 1, 1])]);
    return (await device.readF32(result)).subarray(0, inputs.length);
  } finally {
    input.dispose();
    result.dispose();
  }
}

/** Nasty and random inputs within [from, to]: linearly spread, and over all exponents. */
function inputsIn(from: number, to: number): Float32Array {
  const linear = numbers(8_000, 7).map((v) => from + ((v + 1) / 2) * (to - from));
  const exponents = numbers(8_000, 8).map((v) => 2 ** (v * 60));
  const signed = numbers(8_000, 9).map((v, i) => Math.sign(v) * exponents[i]!);
  return Float32Array.from([...nastyNumbers(), ...linear, ...signed].filter((v) => v >= from && v <= to));
}

const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

interface Case {
  expression: string;
  range: [number, number];
  truth: (x: number) => number;
  /** Largest error in ULP that is accepted, and the one measured on SwiftShader, which rounds correctly. */
  bound: number;
  measured: number;
}

// Bounds leave room for a division of 2.5 ULP and contracted products, which WGSL allows.
const cases: Case[] = [
  { expression: "exp4(x)", range: [-87, 87], truth: Math.exp, bound: 3, measured: 1.0 },
  { expression: "exp_wide4(x)", range: [-3.4e38, 3.4e38], truth: Math.exp, bound: 3, measured: 1.0 },
  { expression: "log4(x)", range: [2 ** -126, 3.4e38], truth: Math.log, bound: 3, measured: 0.7 },
  { expression: "log1p_unit4(x)", range: [-0.5, 1], truth: Math.log1p, bound: 5, measured: 1.8 },
  { expression: "log1p4(x)", range: [-0.9999999, 3.4e38], truth: Math.log1p, bound: 5, measured: 1.7 },
  { expression: "tanh4(x)", range: [-3.4e38, 3.4e38], truth: Math.tanh, bound: 6, measured: 4.6 },
  { expression: "sigmoid4(x)", range: [-3.4e38, 3.4e38], truth: sigmoid, bound: 5, measured: 1.4 },
  { expression: "softplus4(x)", range: [-3.4e38, 3.4e38], truth: softplus, bound: 5, measured: 2.0 },
];

// Where a result or the number it comes from may be subnormal, a device may flush it to 0; and exp4 stops at
// e^-87.33 = 1.2e-38 in place of 0.
const underflow = 2 ** -125;

describe("error in ULP", () => {
  test.each(cases)(
    "$expression: at most $bound, measured $measured",
    async ({ expression, range, truth, bound }) => {
      const inputs = inputsIn(...range);
      const results = await evaluate(expression, inputs);
      let worst = { error: 0, at: 0, got: 0 };
      for (const [i, x] of inputs.entries()) {
        const got = results[i]!;
        const expected = truth(x);
        if (Math.abs(expected) < underflow) {
          expect(Math.abs(got - expected), `${expression} at ${x}`).toBeLessThanOrEqual(underflow);
          continue;
        }
        const error = ulpError(
          got,
          Math.abs(expected) > 3.4028235e38 ? Math.sign(expected) * Infinity : expected,
        );
        if (!(error <= worst.error)) worst = { error, at: x, got };
      }
      expect(worst.error, `at ${worst.at}: ${worst.got}`).toBeLessThanOrEqual(bound);
    },
  );
});

test.each([0, 1, 2, 3])(
  "sin_shifted4(x, %i): absolute error at most 2e-7 for |x| <= 1e4, measured 9e-8",
  async (quarter) => {
    const inputs = inputsIn(-1e4, 1e4);
    const results = await evaluate(`sin_shifted4(x, ${quarter})`, inputs);
    let worst = 0;
    for (const [i, x] of inputs.entries()) {
      const truth = [Math.sin(x), Math.cos(x), -Math.sin(x), -Math.cos(x)][quarter]!;
      worst = Math.max(worst, Math.abs(results[i]! - truth));
    }
    expect(worst).toBeLessThanOrEqual(2e-7);
  },
);

test("special values of exp_wide4, log4 and log1p4", async () => {
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
  expect([...(await evaluate("exp_wide4(x)", Float32Array.of(infinity, -infinity, nan, 89, -200)))]).toEqual([
    infinity,
    0,
    nan,
    infinity,
    0,
  ]);
  const logs = [...(await evaluate("log4(x)", Float32Array.of(0, -0, -1, infinity, nan, 1, -infinity)))];
  expect(logs).toEqual([-infinity, -infinity, nan, infinity, nan, 0, nan]);
  const log1ps = [...(await evaluate("log1p4(x)", Float32Array.of(-1, -2, infinity, nan, 0)))];
  expect(log1ps).toEqual([-infinity, nan, infinity, nan, 0]);
});

test("non_finite tells NaN and infinities from numbers", async () => {
  const inputs = Float32Array.of(Number.NaN, Infinity, -Infinity, 0, 3.4e38, -1);
  const flags = await evaluate(
    "vec4<f32>(vec4<bool>(non_finite(x.x), non_finite(x.y), non_finite(x.z), non_finite(x.w)))",
    inputs,
  );
  expect([...flags]).toEqual([1, 1, 1, 0, 0, 0]);
});
