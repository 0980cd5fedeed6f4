import { expect, test } from "vitest";
import { loadCases } from "../support/cases.js";
import { testDevice } from "../support/device.js";
import { judgeField } from "./judge/field.js";
import { complaint } from "./judge/report.js";

test.each(await loadCases("field"))("$case", async (oracle) => {
  const { judgements } = await judgeField(await testDevice(), oracle);
  expect(judgements.length).toBeGreaterThan(0);
  expect(judgements.filter(({ pass }) => !pass).map(complaint)).toEqual([]);
});
