import { expect, test } from "vitest";
import { loadCases } from "../support/cases.js";
import type { EntropyCase, ToyCase } from "../support/toy-checks.js";
import { complaint } from "./judge/report.js";
import { judgeToy, judgeToyEntropy } from "./judge/toy.js";

const cases = (await loadCases("toy")) as unknown as (
  | (ToyCase & { kind: "toy"; case: string })
  | (EntropyCase & { kind: "toy_entropy"; case: string })
)[];

test.each(cases)("$case", (oracle) => {
  const { judgements } = oracle.kind === "toy" ? judgeToy(oracle) : judgeToyEntropy(oracle);
  expect(judgements.length).toBeGreaterThan(0);
  expect(judgements.filter(({ pass }) => !pass).map(complaint)).toEqual([]);
});
