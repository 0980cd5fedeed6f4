/** Activations and their derivatives as tensor operations, against the float64 reference. */
import { beforeAll, describe, expect, test } from "vitest";
import { ACTIVATIONS } from "../../src/field/spec.js";
import type { Device } from "../../src/gpu/device.js";
import { ACTIVATION, swishBeta } from "../../src/reference/activation.js";
import { activation, tensor, zeros } from "../../src/tensor/index.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";

let device: Device;
beforeAll(async () => {
  device = await testDevice();
});

const inputs = Float32Array.from([
  0,
  1e-6,
  -1e-6,
  0.24,
  -0.24,
  -0.26,
  20,
  -20,
  90,
  -90,
  ...numbers(501, 3, 6),
]);

describe.each(ACTIVATIONS)("%s", (name) => {
  test.each([0, 1, 2] as const)("order %i", async (order) => {
    const beta = Math.fround(0.7);
    using x = tensor(device, inputs, [inputs.length]);
    using y = await activation(x, name, { order, beta });
    const result = await y.data();
    const truth = new Float64Array(3);
    for (const [i, u] of inputs.entries()) {
      ACTIVATION[name](u, beta, truth);
      // The functions are within 5 ULP = 6e-7; derivatives subtract values of order 1, and second derivatives
      // multiply such a difference by at most 2.
      const error = Math.abs(result[i]! - truth[order]!);
      expect(error, `at ${u}`).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(truth[order]!)));
    }
  });
});

test("elu is accurate near 0 and at the edge of its series", async () => {
  const points = Float32Array.from({ length: 1000 }, (_, i) => -(2 ** (-i / 50)));
  using x = tensor(device, points, [1000]);
  using y = await activation(x, "elu");
  const result = await y.data();
  // 8 ULP: e^u − 1 doubles the 1 ULP of e^u where the series ends, in units up to 2 smaller; measured 3.
  const worst = Math.max(...points.map((u, i) => Math.abs(result[i]! / Math.expm1(u) - 1)));
  expect(worst).toBeLessThanOrEqual(8 * 2 ** -24);
});

test("swish takes beta from a tensor, and has a derivative by it", async () => {
  using x = tensor(device, inputs, [inputs.length]);
  using beta = tensor(device, [1.3], [1]);
  using fromTensor = await activation(x, "swish", { beta });
  using fromNumber = await activation(x, "swish", { beta: 1.3 });
  expect(await fromTensor.data()).toEqual(await fromNumber.data());
  using byBeta = await activation(x, "swish", { beta, by: "beta" });
  const result = await byBeta.data();
  for (const [i, u] of inputs.entries()) {
    const { value } = swishBeta(u, Math.fround(1.3));
    // S (1 − S) is within 1e-7 of the truth and is multiplied by u².
    expect(Math.abs(result[i]! - value), `at ${u}`).toBeLessThanOrEqual(1e-6 * (1 + Math.min(u * u, 100)));
  }
});

test("bad names, orders and betas", async () => {
  using x = zeros(device, [2]);
  await expect(activation(x, "gelu" as "tanh")).rejects.toThrow('"gelu"');
  await expect(activation(x, "tanh", { order: 3 as 2 })).rejects.toThrow("3");
  await expect(activation(x, "tanh", { by: "beta" })).rejects.toThrow("tanh");
  await expect(activation(x, "swish", { beta: x })).rejects.toThrow("[2]");
  await expect(activation(x, "swish", { beta: Number.NaN })).rejects.toThrow("NaN");
});
