/** The trainable end of the interval: its gradient, and what training does with it. */
import { describe, expect, test } from "vitest";
import { type CnfOptions, cnf, loadFlow } from "../../src/cnf/index.js";
import { standardisation, standardise } from "../../src/data/index.js";
import { initialParams } from "../../src/field/mlp.js";
import { logProb } from "../../src/reference/cnf.js";
import { exactTrace } from "../../src/reference/trace.js";
import { PURPOSE, randomIndices } from "../../src/tensor/random.js";
import { relativeL2 } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { PLANE, RK4, SMALL_MOONS, stateOf, trained } from "./problems.js";

const BATCH = 6;

/** Loss of the first batch of seed 0 in float64, by 64 steps of rk4, as a function of θ and T. */
function convergedLoss(): (theta: Float64Array, T: number) => number {
  const { points, rows } = SMALL_MOONS;
  const scaled = standardise(points, standardisation(points, 2));
  const indices = randomIndices(BATCH, rows, { seed: 0, purpose: PURPOSE.batch, step: 0 });
  const x = Float64Array.from([...indices].flatMap((row) => [scaled[2 * row]!, scaled[2 * row + 1]!]));
  return (theta, T) => {
    const flow = { spec: PLANE.spec, theta, t0: 0, t1: T, options: { method: "rk4", steps: 64 } } as const;
    return -logProb(flow, x, exactTrace(BATCH, 2)).logProb.reduce((sum, v) => sum + v, 0) / BATCH;
  };
}

describe("the gradient that training follows", () => {
  test.each([
    ["fixed steps, discrete", { method: "rk4", steps: 8 }, "discrete"],
    ["fixed steps, continuous", { method: "rk4", steps: 8 }, "continuous"],
    ["adaptive steps, discrete", { rtol: 1e-5, atol: 1e-5 }, "discrete"],
    ["adaptive steps, continuous", { rtol: 1e-5, atol: 1e-5 }, "continuous"],
  ] as const)("is that of finite differences of a converged loss: %s", async (_, solver, gradient) => {
    const T = 0.8;
    const flow: CnfOptions = { field: PLANE, seed: 2, T, trainT: true, ...solver };
    // With β1 = 0 Adam's first moment is the gradient itself, and with a rate of 0 nothing moves.
    const run = await trained(flow, SMALL_MOONS, { steps: 1, batch: BATCH, lr: 0, beta1: 0, gradient });
    const { m } = stateOf(run.checkpoint);
    const loss = convergedLoss();
    const theta = Float64Array.from(initialParams(PLANE.spec, 2));
    const h = 1e-5;
    const expected = Array.from(theta, (value, i) => {
      const at = (shift: number) =>
        loss(
          theta.map((other, j) => (j === i ? value + shift : other)),
          T,
        );
      return (at(h) - at(-h)) / (2 * h);
    });
    expect(relativeL2(m.slice(0, -1), expected)).toBeLessThan(2e-3);
    const slope = (loss(theta, T + h) - loss(theta, T - h)) / (2 * h);
    // dL/dτ = 2 τ dL/dT.
    const dT = m[m.length - 1]! / (2 * Math.sqrt(T));
    expect(Math.abs(slope)).toBeGreaterThan(0.01);
    expect(Math.abs(dT - slope)).toBeLessThan(2e-3 * Math.abs(slope));
  });
});

describe("in training", () => {
  const options = { steps: 20, batch: 16, lr: 0.01 };

  test("T moves where it is trained, is saved, and comes back", async () => {
    const device = await testDevice();
    using flow = cnf(device, { field: PLANE, ...RK4, trainT: true });
    const run = await trained(flow, SMALL_MOONS, options);
    // 20 steps of Adam at 0.01 move τ by up to 0.2.
    expect(Math.abs(run.T - 1)).toBeGreaterThan(0.05);
    const points = SMALL_MOONS.points.slice(0, 10);
    const logProb = await flow.logProb(points);
    for (const bytes of [await flow.save(), run.checkpoint]) {
      using loaded = await loadFlow(device, bytes);
      expect(await loaded.T()).toBe(run.T);
      expect(loaded.trainT).toBe(true);
      expect(await loaded.logProb(points)).toEqual(logProb);
    }
  });

  test("T stays as it was where it is not", async () => {
    for (const T of [undefined, 0.7]) {
      const run = await trained({ field: PLANE, ...RK4, T }, SMALL_MOONS, options);
      expect(run.T).toBe(Math.fround(T ?? 1));
    }
  });
});
