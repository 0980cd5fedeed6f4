import { expect, test } from "vitest";
import { loadCases } from "../support/cases.js";
import { testDevice } from "../support/device.js";
import { judgeReg } from "./judge/reg.js";
import { complaint } from "./judge/report.js";

test.each(await loadCases("reg"))("$case", async (oracle) => {
  const { judgements } = await judgeReg(await testDevice(), oracle);
  expect(judgements.length).toBeGreaterThan(0);
  expect(judgements.filter(({ pass }) => !pass).map(complaint)).toEqual([]);
});
