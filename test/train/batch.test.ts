/** The batch of a step, known on the CPU. */
import { expect, test } from "vitest";
import { cnf } from "../../src/cnf/index.js";
import { fromPoints } from "../../src/data/index.js";
import { ArgumentError } from "../../src/gpu/errors.js";
import { train, trainingBatch } from "../../src/train/index.js";
import { testDevice } from "../support/device.js";
import { FOUR_COLUMNS, PLANE, RK4, SMALL_MOONS } from "./problems.js";

test("is the one that the GPU trains on, at the first step and later", async () => {
  using flow = cnf(await testDevice(), { field: PLANE, seed: 1, ...RK4 });
  const run = train(flow, SMALL_MOONS, { steps: 3, batch: 24, lr: 0.05, seed: 7, reportEvery: 1 });
  const nll = async (step: number) => {
    const logProb = await flow.logProb(trainingBatch(SMALL_MOONS, { batch: 24, seed: 7, step }));
    return -logProb.reduce((sum, value) => sum + value, 0) / 24;
  };
  const known: number[] = [];
  for await (const { step, loss } of run) {
    // With a report at every step the flow stands at it: what the batch of the next has now is that step's loss.
    if (step > 1) expect(Math.abs(loss - known.at(-1)!)).toBeLessThan(2e-5);
    known.push(await nll(step + 1));
  }
  // One step moves the loss by far more than what it is known to.
  expect(Math.abs(known[0]! - known[1]!)).toBeGreaterThan(1e-3);
});

test("holds rows of the data, whatever their number of columns, and says what is wrong", () => {
  const rows = trainingBatch(FOUR_COLUMNS, { batch: 9, seed: 2, step: 5 });
  expect(rows).toHaveLength(36);
  const all = new Set(
    Array.from({ length: 40 }, (_, i) => FOUR_COLUMNS.points.slice(4 * i, 4 * i + 4).join()),
  );
  for (let i = 0; i < 9; i++) expect(all.has(rows.slice(4 * i, 4 * i + 4).join())).toBe(true);
  expect(trainingBatch(FOUR_COLUMNS, { batch: 9, seed: 2, step: 6 })).not.toEqual(rows);
  const two = fromPoints([0, 0, 1, 1], 2, { heldOutFraction: 0 });
  expect(trainingBatch(two, { step: 1 })).toHaveLength(1024);
  expect(() => trainingBatch(two, { step: 0 })).toThrow(ArgumentError);
});
