/** One evaluation of fields of every layer type and activation: value, trace, gradient, tangents. */
import { describe, expect, test } from "vitest";
import { evaluate } from "../../src/field/evaluate.js";
import { ACTIVATIONS, LAYER_TYPES, type MlpOptions } from "../../src/field/spec.js";
import { evaluate as evaluateReference, reverse } from "../../src/reference/field.js";
import { divergence, traceSeeds } from "../../src/reference/trace.js";
import { relativeError, relativeL2 } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { f64, problem, referenceTrace } from "./problems.js";

/** One field evaluation with everything it can give. */
async function checkField(options: MlpOptions, epsilon?: Float32Array) {
  const device = await testDevice();
  const p = problem(options, 3, 7);
  const { field, params, z0, cotangent } = p;
  const t = 0.625;
  const gpu = await evaluate(device, {
    field,
    params,
    t,
    z: z0,
    trace: epsilon ? { kind: "hutchinson", epsilon } : { kind: "exact" },
    cotangent: { f: cotangent.z, trace: cotangent.delta },
  });
  const trace = referenceTrace(p, epsilon);
  const theta = f64(params);
  const value = evaluateReference(field.spec, theta, t, f64(z0), trace.tangents);
  const seeds = traceSeeds(trace, f64(cotangent.delta));
  const back = reverse(field.spec, theta, value, f64(cotangent.z), seeds);
  expect(relativeError(gpu.f, value.f)).toBeLessThan(3e-5);
  expect(relativeError(gpu.trace, divergence(value, trace))).toBeLessThan(3e-5);
  const { gradient } = gpu;
  expect(relativeL2(gradient!.params, back.theta)).toBeLessThan(2e-4);
  expect(relativeL2(gradient!.z, back.z)).toBeLessThan(2e-4);
  // Without time in the field both are zero; else the size of the sum, whose terms are of order 1.
  expect(Math.abs(gradient!.t - back.t)).toBeLessThan(2e-4 * Math.max(1, Math.abs(back.t)));

  const tangents = numbers(2 * z0.length, 5);
  const moved = await evaluate(device, { field, params, t, z: z0, tangents });
  const directions = [tangents.subarray(0, z0.length), tangents.subarray(z0.length)].map(f64);
  const images = evaluateReference(field.spec, theta, t, f64(z0), directions).df;
  expect(relativeError(moved.tangents, [...images[0]!, ...images[1]!])).toBeLessThan(3e-5);
}

describe.each(LAYER_TYPES)("one evaluation of %s", (layer) => {
  test.each(ACTIVATIONS)("with %s", (activation) =>
    checkField({ dim: 3, hidden: [5, 6], layer, activation }),
  );

  test("as a residual, with two probes", () =>
    checkField({ dim: 2, hidden: [5], layer, residual: true }, numbers(2 * 3 * 2, 9)));
});
