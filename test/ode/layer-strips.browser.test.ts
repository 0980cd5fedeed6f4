/**
 * The layered kernels in strips, which only wide fields on adapters of 4-wide subgroups get, against the float64
 * reference: Chromium's software adapter is one.
 */
import { expect, test } from "vitest";
import type { MlpOptions } from "../../src/field/spec.js";
import { solve } from "../../src/ode/solve.js";
import { relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { gradientError, problem, referenceDiscrete, referenceSolve, referenceTrace } from "./problems.js";

const span = { t0: 0.25, t1: 1.25 };
const fixed = { method: "euler", steps: 2 } as const;

/** Bounds as for every other form of the kernels (test/ode/gradient.gpu.test.ts). */
async function check(options: MlpOptions, batch: number) {
  const device = await testDevice();
  expect(device.adapter.subgroupSize).toBe(4);
  const names: string[] = [];
  const kernel = device.kernel.bind(device);
  using _ = { [Symbol.dispose]: () => Object.assign(device, { kernel }) };
  Object.assign(device, {
    kernel: (...args: Parameters<typeof kernel>) => {
      names.push(args[0].name);
      return kernel(...args);
    },
  });
  const p = problem(options, batch, 5);
  const { field, params, z0, cotangent } = p;
  const trace = referenceTrace(p);
  const common = { field, params, z0, ...span, ...fixed, path: "layered", trace: { kind: "exact" } } as const;
  using gpu = await solve(device, { ...common, gradient: "discrete" });
  const forward = referenceSolve(p, span, fixed, trace);
  expect(relativeError(gpu.z, forward.z)).toBeLessThan(3e-5);
  expect(relativeError(gpu.delta!, forward.delta)).toBeLessThan(3e-5);
  const gradient = await gpu.backward(cotangent);
  expect(gradientError(gradient, referenceDiscrete(p, span, fixed, trace))).toBeLessThan(2e-4);
  return new Set(names);
}

test("the first and the last layer are narrow, others have no whole number of strips", async () => {
  const names = await check({ dim: 1, hidden: [132, 80], layer: "concat", activation: "tanh" }, 21);
  for (const name of ["field/forward_strip", "field/reverse_strip", "field/forward", "field/weight_grad"])
    expect(names).toContain(name);
});

test("gates, a residual, swish with its own gradient, three slots", async () => {
  const swish = {
    dim: 2,
    hidden: [128],
    layer: "concatsquash",
    activation: "swish",
    residual: true,
  } as const;
  expect(await check(swish, 17)).toContain("field/reverse_strip");
});

test("every layer is wide: weight gradients and the gradient of the input in strips as well", async () => {
  const names = await check({ dim: 48, hidden: [130], layer: "concat_first", activation: "softplus" }, 3);
  expect(names).toContain("field/weight_grad_strip");
  expect(names).not.toContain("field/reverse");
});
