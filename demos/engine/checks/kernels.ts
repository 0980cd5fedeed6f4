/** The tensor kernels against float64: arithmetic, activations, sums, products, layout, random numbers. */
import { ACTIVATIONS, type Device, ops, reference, type Tensor, tensor } from "fjordgpu";
import { compare, type Finding, magnitudes, spread, together, worstRelative } from "../numbers.js";
import type { Check } from "./check.js";

type Unary = (x: Tensor) => Promise<Tensor>;
type Binary = (x: Tensor, y: Tensor) => Promise<Tensor>;

/** Runs `work` and reads its result; everything that it made is freed. */
async function result(inputs: readonly Tensor[], work: () => Promise<Tensor>): Promise<Float32Array> {
  try {
    const output = await work();
    try {
      return await output.data();
    } finally {
      output.dispose();
    }
  } finally {
    for (const input of inputs) input.dispose();
  }
}

const N = 6000;

/** Linear in ±20, and over most magnitudes. */
const BOTH_SIGNS = Float32Array.from([...spread(N / 2, 5, 20), ...magnitudes(N / 2, 7, 40)]);

function unary(
  name: string,
  op: Unary,
  truth: (x: number) => number,
  bound: number,
  takes = (_x: number) => true,
): Check {
  return {
    group: "arithmetic",
    name,
    unit: "ULP",
    bound,
    measure: async (device) => {
      const x = BOTH_SIGNS.filter(takes);
      const a = tensor(device, x, [x.length]);
      return compare("ULP", await result([a], () => op(a)), Float64Array.from(x, truth));
    },
  };
}

function binary(name: string, op: Binary, truth: (x: number, y: number) => number, bound: number): Check {
  return {
    group: "arithmetic",
    name,
    unit: "ULP",
    bound,
    measure: async (device) => {
      const [x, y] = [spread(N, 1, 100), spread(N, 2, 100)];
      const [a, b] = [tensor(device, x, [N]), tensor(device, y, [N])];
      const expected = Float64Array.from(x, (value, i) => truth(value, y[i]!));
      return compare("ULP", await result([a, b], () => op(a, b)), expected);
    },
  };
}

// WGSL's own bounds: 1 ULP where it may round to either side, 2.5 for a quotient, for a square root those of
// 1 / inverseSqrt(x). The elementary functions are this library's, with room for contracted products.
const ARITHMETIC: readonly Check[] = [
  binary("add", ops.add, (x, y) => x + y, 1),
  binary("subtract", ops.sub, (x, y) => x - y, 1),
  binary("multiply", ops.mul, (x, y) => x * y, 1),
  binary("divide", ops.div, (x, y) => x / y, 2.5),
  binary("minimum", ops.minimum, Math.min, 0),
  binary("maximum", ops.maximum, Math.max, 0),
  unary("square", ops.square, (x) => x * x, 1),
  unary("square root", ops.sqrt, Math.sqrt, 6, (x) => x >= 0),
  unary("exp", ops.exp, Math.exp, 3, (x) => Math.abs(x) < 87),
  unary("log", ops.log, Math.log, 3, (x) => x > 0),
  unary("log1p", ops.log1p, Math.log1p, 5, (x) => x > -1),
];

/** Value and both derivatives; errors over the size of the value, at least 1. */
const ACTIVATION_CHECKS: readonly Check[] = ACTIVATIONS.map((name) => ({
  group: "activations",
  name,
  unit: "relative",
  // The functions are within 5 ULP = 6e-7; derivatives subtract values of order 1, and second derivatives double it.
  bound: 2e-6,
  measure: async (device) => {
    const inputs = spread(1000, 3, 8);
    const truth = new Float64Array(3);
    const findings: Finding[] = [];
    for (const order of [0, 1, 2] as const) {
      const x = tensor(device, inputs, [inputs.length]);
      const values = await result([x], () => ops.activation(x, name, { order }));
      let error = 0;
      inputs.forEach((u, i) => {
        reference.activations[name](u, 1, truth);
        error = Math.max(error, Math.abs(values[i]! - truth[order]!) / Math.max(1, Math.abs(truth[order]!)));
      });
      findings.push({ error, compared: inputs.length });
    }
    return together(...findings);
  },
}));

type Reduction = (x: Tensor) => Promise<Tensor>;

function reduction(
  name: string,
  op: Reduction,
  truth: (x: Float32Array) => number,
  size: (x: Float32Array) => number,
): Check {
  return {
    group: "tensors",
    name: `${name} of 70,001`,
    unit: "relative",
    // Sums of 16 and then a tree in three passes: less than 80 roundings of 2^-24, of Σ|x|.
    bound: 80 * 2 ** -24,
    measure: async (device) => {
      const data = spread(70_001, 11);
      const x = tensor(device, data, [data.length]);
      const values = await result([x], () => op(x));
      return { error: worstRelative(values, [truth(data)], size(data)), compared: data.length };
    },
  };
}

const total = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0);
const totalSize = (x: Float32Array) => x.reduce((sum, value) => sum + Math.abs(value), 0);
const length = (x: Float32Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));

/** A product of [m, k] and [k, n], of numbers of both signs. */
function product(tiling: ops.Tiling, transposeA: boolean, transposeB: boolean): Check {
  const [m, k, n] = [65, 127, 34];
  const turned = [transposeA && "Aᵀ", transposeB && "Bᵀ"].filter(Boolean).join(" ");
  return {
    group: "tensors",
    name: `matrix product, ${tiling}${turned ? `, ${turned}` : ""}`,
    unit: "relative",
    // γ_k = k u / (1 − k u), u = 2^-24, of Σ|a b| (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
    bound: (k * 2 ** -24) / (1 - k * 2 ** -24),
    measure: async (device) => {
      const [x, y] = [spread(m * k, 21), spread(k * n, 22)];
      const a = tensor(device, x, transposeA ? [k, m] : [m, k]);
      const b = tensor(device, y, transposeB ? [n, k] : [k, n]);
      const c = await result([a, b], () => ops.matmul(a, b, { tiling, transposeA, transposeB }));
      let error = c.length === m * n ? 0 : Number.NaN;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let [sum, size] = [0, 0];
          for (let s = 0; s < k; s++) {
            const term = x[transposeA ? s * m + i : i * k + s]! * y[transposeB ? j * k + s : s * n + j]!;
            sum += term;
            size += Math.abs(term);
          }
          error = Math.max(error, Math.abs(c[i * n + j]! - sum) / size);
        }
      }
      return { error, compared: m * n };
    },
  };
}

type Draw = (device: Device, shape: readonly number[], options: ops.RandomOptions) => Promise<Tensor>;

/** The user's stream of random numbers on the CPU. */
function random(name: string, draw: Draw, twin: typeof reference.randomUniform): Check {
  return {
    group: "tensors",
    name: `random numbers, ${name}`,
    unit: "differing",
    bound: 0,
    measure: async (device) => {
      const values = await result([], () => draw(device, [10_007], { seed: 7 }));
      const expected = twin(10_007, { seed: 7, step: 0, purpose: reference.PURPOSE.user });
      return compare("differing", values, expected);
    },
  };
}

const LAYOUT: Check = {
  group: "tensors",
  name: "transpose",
  unit: "differing",
  bound: 0,
  measure: async (device) => {
    const [rows, columns] = [67, 93];
    const data = spread(rows * columns, 31);
    const x = tensor(device, data, [rows, columns]);
    const expected = data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
    return compare("differing", await result([x], () => ops.transpose(x)), expected);
  },
};

export const KERNEL_CHECKS: readonly Check[] = [
  ...ARITHMETIC,
  ...ACTIVATION_CHECKS,
  reduction("sum", ops.sum, total, totalSize),
  reduction(
    "mean",
    ops.mean,
    (x) => total(x) / x.length,
    (x) => totalSize(x) / x.length,
  ),
  reduction("norm", ops.norm, length, length),
  product("registers", false, false),
  product("registers", true, true),
  product("workgroup", false, false),
  product("workgroup", true, true),
  LAYOUT,
  random("uniform", ops.randomUniform, reference.randomUniform),
  random("normal", ops.randomNormal, reference.randomNormal),
  random("Rademacher", ops.randomRademacher, reference.randomRademacher),
];
