/** Fused solves with fixed steps beside layered ones: in Node in blocks, in Chromium in strips (test/support/device.ts). */
import { describe, expect, test } from "vitest";
import type { MlpOptions } from "../../src/field/spec.js";
import { type SolveOptions, solve } from "../../src/ode/solve.js";
import { testDevice } from "../support/device.js";
import { both, difference, problem, SAME } from "../support/fused.js";

describe("fixed steps", () => {
  test.each([
    ["a batch that fills no tile", {}, 3, {}],
    ["many tiles, the last one partly", {}, 61, {}],
    ["four hidden layers of unequal widths", { hidden: [5, 9, 13, 4], layer: "concat_v2" }, 10, {}],
    ["eight dimensions, exact trace, 128 wide: rows do not fit", { dim: 8, hidden: [128] }, 9, {}],
    ["no trace", { layer: "squash" }, 20, { trace: undefined }],
    [
      "residual, three orthogonal probes",
      { residual: true, dim: 5, activation: "softplus" },
      9,
      { trace: { kind: "hutchinson", probes: 3, distribution: "orthogonal" } },
    ],
    ["continuous gradient", { dim: 3 }, 21, { gradient: "continuous", trace: { kind: "hutchinson" } }],
    [
      "continuous gradient, swish, residual",
      { activation: "swish", residual: true },
      9,
      { gradient: "continuous" },
    ],
    ["thirteen stages, backward in time", {}, 9, { method: "dopri8", steps: 2, t0: 1, t1: 0.2 }],
  ] as [string, Partial<MlpOptions>, number, Partial<SolveOptions>][])(
    "%s: as the layered path",
    async (_, field, batch, rest) => {
      const options = problem(field, batch, { method: "rk4", steps: 3, gradient: "discrete", ...rest });
      const [layered, fused] = await both(await testDevice(), options);
      expect(difference(fused.z, layered.z)).toBeLessThan(SAME);
      if (options.trace) expect(difference(fused.delta!, layered.delta!)).toBeLessThan(SAME);
      expect(difference(fused.gradient.params, layered.gradient.params)).toBeLessThan(SAME);
      expect(difference(fused.gradient.z0, layered.gradient.z0)).toBeLessThan(SAME);
      const ends = ({ gradient }: typeof fused) => [gradient.t0, gradient.t1];
      expect(difference(ends(fused), ends(layered))).toBeLessThan(2 * SAME);
      expect(fused.stats.accepted).toBe(layered.stats.accepted);
    },
  );

  test("rows of a permuted batch are equal bit for bit, as is a row alone", async () => {
    const device = await testDevice();
    const options = problem({}, 21, { method: "rk4", steps: 3, path: "fused" });
    const all = await solve(device, options);
    const reversed = Float32Array.from(options.z0, (_, i) => options.z0[2 * (20 - (i >> 1)) + (i & 1)]!);
    const back = await solve(device, { ...options, z0: reversed });
    const alone = await solve(device, { ...options, z0: options.z0.slice(8, 10) });
    expect([...back.delta!].reverse()).toEqual([...all.delta!]);
    expect([...alone.z]).toEqual([...all.z.slice(8, 10)]);
  });
});
