import { expect, test } from "vitest";
import { loadCases } from "../support/cases.js";
import { testDevice } from "../support/device.js";
import { judgeAdam } from "./judge/adam.js";
import { complaint } from "./judge/report.js";

test.each(await loadCases("adam"))("$case", async (oracle) => {
  const { judgements } = await judgeAdam(await testDevice(), oracle);
  expect(judgements.length).toBeGreaterThan(0);
  expect(judgements.filter(({ pass }) => !pass).map(complaint)).toEqual([]);
});
