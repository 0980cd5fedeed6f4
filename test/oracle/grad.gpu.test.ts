import { expect, test } from "vitest";
import { loadCases } from "../support/cases.js";
import { testDevice } from "../support/device.js";
import { judgeGrad } from "./judge/grad.js";
import { complaint } from "./judge/report.js";

const cases = await loadCases("grad");

test.each(cases)("$case", async (oracle) => {
  const { judgements } = await judgeGrad(await testDevice(), oracle, {
    turn: cases.indexOf(oracle),
  });
  expect(judgements.length).toBeGreaterThan(0);
  expect(judgements.filter(({ pass }) => !pass).map(complaint)).toEqual([]);
});
