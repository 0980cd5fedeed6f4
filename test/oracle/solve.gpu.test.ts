import { expect, test } from "vitest";
import { loadCases } from "../support/cases.js";
import { testDevice } from "../support/device.js";
import { complaint } from "./judge/report.js";
import { judgeSolve } from "./judge/solve.js";

const cases = await loadCases("solve");

test.each(cases)("$case", async (oracle) => {
  const { judgements } = await judgeSolve(await testDevice(), oracle, {
    turn: cases.indexOf(oracle),
  });
  expect(judgements.length).toBeGreaterThan(0);
  expect(judgements.filter(({ pass }) => !pass).map(complaint)).toEqual([]);
});
