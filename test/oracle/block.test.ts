/** Fused kernels in blocks, the form that GPUs have, on some cases: Chromium, which has the others, judges strips. */
import { expect, test } from "vitest";
import { usualTiling } from "../../src/ode/fused-plan.js";
import { loadCase } from "../support/cases.js";
import { testDevice } from "../support/device.js";
import { judgeGrad } from "./judge/grad.js";
import type { Verdict } from "./judge/judgement.js";
import { complaint } from "./judge/report.js";
import { judgeSolve } from "./judge/solve.js";

const FUSED = { path: "fused" } as const;

function expectPassed({ judgements }: Verdict, quantities: RegExp): void {
  expect(judgements.filter(({ pass }) => !pass).map(complaint)).toEqual([]);
  expect(judgements.filter(({ quantity }) => quantities.test(quantity)).length).toBeGreaterThan(0);
}

test("devices of these tests have blocks", async () => {
  expect((await usualTiling(await testDevice())).form).toBe("block");
});

// Even turns have adaptive steps, too (judge/solve.ts).
test.each([
  ["solve_concat_sigmoid_D2_h16_t0-2", 0, /^Δ, fused/],
  ["solve_concat_relu_D2_h16-16_t0-0.5", 1, /^Δ exact, fixed, fused/],
  ["solve_concatsquash_swish_D3_h16_t0.25-1.25", 3, /^Δ exact, fixed, fused/],
] as const)("%s", async (name, turn, quantities) => {
  const verdict = await judgeSolve(await testDevice(), await loadCase("solve", name), { ...FUSED, turn });
  expectPassed(verdict, quantities);
});

test.each([
  ["grad_concat_elu_rademacher_D2_h16-16", 0, /^fused discrete dθ/],
  ["grad_concat_softplus_gaussian_D6_h16", 1, /^fused continuous dθ/],
] as const)("%s", async (name, turn, quantities) => {
  const verdict = await judgeGrad(await testDevice(), await loadCase("grad", name), { ...FUSED, turn });
  expectPassed(verdict, quantities);
});
