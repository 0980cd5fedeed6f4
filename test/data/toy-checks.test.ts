/** The judges themselves: each must reject a distribution that is only a little wrong. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { moonsSet } from "../../src/data/moons.js";
import {
  densityHistogramCheck,
  entropyCheck,
  histogramCheck,
  ksChecks,
  ksDistance,
  momentChecks,
  type ToyCase,
} from "../support/toy-checks.js";

const reference = JSON.parse(
  readFileSync(new URL("../oracle/cases/toy_moons.json", import.meta.url), "utf8"),
) as ToyCase;
const density = moonsSet.logDensity!;

/** Moons with everything 3 % larger. */
const swollen = moonsSet.sample(20_000, 0).map((v) => 1.03 * v);

test("KS, moments and histogram reject points that are 3 % too wide", () => {
  expect(ksChecks(reference, swollen).some((check) => !check.pass)).toBe(true);
  expect(momentChecks(reference, swollen).find((check) => check.quantity.startsWith("cov xx"))?.pass).toBe(
    false,
  );
  expect(histogramCheck(reference, swollen).pass).toBe(false);
});

test("a density 1 % too wide is rejected by the histogram, one off by 0.05 nats by the entropy", () => {
  const wide = (x: number, y: number): number => density(x / 1.01, y / 1.01) - 2 * Math.log(1.01);
  expect(densityHistogramCheck(reference, wide).pass).toBe(false);
  const shifted = (x: number, y: number): number => density(x, y) + 0.05;
  const floor = { value: 2.3939, standard_error: 1e-4 };
  expect(entropyCheck(shifted, moonsSet.sample(20_000, 0), floor).pass).toBe(false);
});

test("KS distance of a known sample", () => {
  // Three of four values lie at or below 0.5, where the reference has a half.
  expect(ksDistance(Float64Array.of(0.9, 0.1, 0.3, 0.2), [0.5], [50])).toBeCloseTo(0.25, 12);
  // An atom: both 30 and 70 per cent fall inside its jump.
  expect(ksDistance(Float64Array.of(1, 1, 1, 1), [1, 1], [30, 70])).toBe(0);
});
