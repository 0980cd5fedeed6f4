/** Steps of training on the GPU beside the reference's. */
import { expect } from "vitest";
import type { CnfOptions } from "../../src/cnf/index.js";
import type { Dataset } from "../../src/data/index.js";
import type { TrainOptions } from "../../src/train/index.js";
import { relativeError, relativeL2 } from "../support/compare.js";
import { PLANE, RK4, SMALL_MOONS, stateOf, trained } from "./problems.js";
import { referenceTraining } from "./reference.js";

// Measured: 1e-7 for losses, 8e-7 for what is learned: f32 rounding, hardly enlarged by 8 steps. The rest is room
// for other adapters, on which an adaptive solve may also choose slightly other steps.
const LOSS = 1e-5;
const STATE = 1e-4;

/** Eight steps with these options: losses, norms, rates, what was learned, the moments and the average. */
export async function expectReferenceSteps(
  flowOptions: Partial<CnfOptions>,
  trainOptions: Partial<TrainOptions>,
  data: Dataset = SMALL_MOONS,
): Promise<void> {
  const flow: CnfOptions = { field: PLANE, seed: 1, ...RK4, ...flowOptions };
  const options: TrainOptions = { steps: 8, batch: 6, lr: 0.01, reportEvery: 3, ...trainOptions };
  const expected = referenceTraining(flow, data, options);
  const run = await trained(flow, data, options);
  const { reports, losses } = run;

  expect(reports.map(({ step }) => step)).toEqual([3, 6, 8]);
  expect(relativeError(losses, expected.losses)).toBeLessThan(LOSS);
  const last = [2, 5, 7];
  const norms = last.map((i) => expected.gradNorms[i]!);
  expect(
    relativeError(
      reports.map(({ gradNorm }) => gradNorm),
      norms,
    ),
  ).toBeLessThan(STATE);
  const rates = last.map((i) => expected.rates[i]!);
  expect(
    relativeError(
      reports.map(({ lr }) => lr),
      rates,
    ),
  ).toBeLessThan(1e-12);
  const means = [
    [0, 3],
    [3, 6],
    [6, 8],
  ].map(([a, b]) => mean(losses.slice(a, b)));
  expect(
    relativeError(
      reports.map(({ loss }) => loss),
      means,
    ),
  ).toBeLessThan(1e-6);

  const state = stateOf(run.checkpoint);
  expect(state.step).toBe(8);
  // What was learned, not what was there before.
  const learned = Float64Array.from(state.trained, (v, i) => v - expected.start[i]!);
  expect(
    relativeL2(
      learned,
      expected.end.map((v, i) => v - expected.start[i]!),
    ),
  ).toBeLessThan(STATE);
  expect(relativeL2(state.m, expected.m)).toBeLessThan(STATE);
  expect(relativeL2(state.v, expected.v)).toBeLessThan(STATE);

  // The flow ends with the average where one is kept, and with the parameters themselves where none is.
  const averaged = expected.average.length > 0;
  if (averaged) expect(relativeError(state.average, expected.average)).toBeLessThan(STATE);
  else expect(state.average).toHaveLength(0);
  const best = averaged ? expected.average : expected.end;
  expect(relativeError(run.params, best.slice(0, run.params.length))).toBeLessThan(STATE);
  const tau = flow.trainT ? best[run.params.length]! : 1;
  expect(Math.abs(run.T - tau * tau)).toBeLessThan(STATE);
}

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
