/**
 * Kernels with workgroup memory, run invocation by invocation in an interpreter that looks for missing barriers.
 * Only races are judged: the interpreter does not know all of WGSL, and results are checked on devices.
 */
import { describe, expect, test } from "vitest";
// The bare name resolves to a CommonJS file in an ESM package and throws in Node; this file is the ESM build.
import { detectRaces } from "wgsl_reflect/wgsl_reflect.module.js";
import { matmulTile } from "../../src/generated/tensor/matmul_tile.js";
import { reduce } from "../../src/generated/tensor/reduce.js";
import { packStruct, type UniformValues } from "../../src/gpu/kernel.js";
import type { KernelModule, StructInfo } from "../../src/gpu/kernel-module.js";
import { numbers } from "../support/tensors.js";

/** The text with its constants in front, as the device compiles it. */
function textOf(module: KernelModule, constants: Record<string, number>): string {
  const lines = Object.entries(module.constants).map(
    ([name, { type, default: byDefault }]) => `const ${name}: ${type} = ${constants[name] ?? byDefault}u;`,
  );
  return [...lines, module.code].join("\n");
}

const uniform = (struct: StructInfo, values: UniformValues) => ({
  uniform: packStruct("params", struct, values),
});

/** Removes the barriers: the check must then find races, or it checks nothing. */
const withoutBarriers = (code: string) => code.replaceAll("workgroupBarrier();", "");

describe("matmul_tile", () => {
  const code = textOf(matmulTile, { SIDE: 2, DEPTH: 2 });
  const [m, n, k] = [17, 9, 3];
  const a = numbers(m * k, 1);
  const b = numbers(k * n, 2);
  const run = (text: string) => {
    const c = new Float32Array(m * n);
    const params = uniform(matmulTile.structs.Params, { m, n, k });
    return detectRaces(text, "main", [2, 1, 1], { 0: { 0: params, 1: a, 2: b, 3: c } }).races;
  };

  test("has no race", () => expect(run(code)).toEqual([]));

  test("would have races without its barriers", () => {
    expect(run(withoutBarriers(code)).length).toBeGreaterThan(0);
  });
});

describe("reduce.rows", () => {
  const code = textOf(reduce, { LANES: 8 });
  const x = numbers(2 * 70);
  const run = (text: string) => {
    const values = { outer: 2, n: 70, inner: 1, run: 128, chunks: 1, divisor: 70 };
    const params = uniform(reduce.structs.Params, values);
    const result = new Float32Array(2);
    return detectRaces(text, "rows", [2, 1, 1], { 0: { 0: params, 1: x, 2: result } }).races;
  };

  test("has no race", () => expect(run(code)).toEqual([]));

  test("would have races without its barriers", () => {
    expect(run(withoutBarriers(code)).length).toBeGreaterThan(0);
  });
});
