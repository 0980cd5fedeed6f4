/** How many stages of a step stand beside each other in the arenas of the layered path, and where. */
import { describe, expect, test } from "vitest";
import { arenaPlan, cotangentPlan, stagesAtOnce } from "../../src/field/arenas.js";
import { packing } from "../../src/field/packing.js";
import { mlpSpec } from "../../src/field/spec.js";

const MIB = 2 ** 20;

describe("stages whose weight gradients are summed at once", () => {
  /** Arenas of one plane each behind all stages; words. */
  const words =
    (acts: number, cots: number, behind = 64) =>
    (stages: number) => ({
      acts: stages * acts + behind,
      cots: stages * cots + behind,
    });

  test.each([
    ["all where there is room", 6, words(1000, 900), 128 * MIB, 6],
    ["a single one of a method with one stage", 1, words(1000, 900), 128 * MIB, 1],
    ["all of what just fits a binding", 4, words(1000, 900), 4 * 4064, 4],
    ["equal parts where one more would not fit: 3 + 3 rather than 5 + 1", 6, words(1000, 900), 4 * 5064, 3],
    ["4 + 3 of seven", 7, words(1000, 900), 4 * 6064, 4],
    ["the larger arena counts, whichever it is", 4, words(900, 1000), 4 * 2064, 2],
    ["one where two do not fit", 4, words(1000, 900), 4 * 2063, 1],
    ["one where not even that fits: the arena says so itself", 4, words(1000, 900), 4 * 10, 1],
    // One more stage adds 64 MiB to each of two arenas: two more are 256 MiB.
    ["no more than 256 MiB on top: all three", 3, words(16 * MIB, 16 * MIB), 1024 * MIB, 3],
    ["no more than 256 MiB on top: two of four", 4, words(16 * MIB, 16 * MIB), 1024 * MIB, 2],
  ])("%s", (_, used, lengths, most, expected) => {
    expect(stagesAtOnce(used, lengths, most)).toBe(expected);
  });

  test("a field of 512-512-512 on 1,024 rows of 64 with a probe has all four of RK4, in default limits", () => {
    const spec = packing(mlpSpec({ dim: 64, hidden: [512, 512, 512] }));
    const shape = { batch: 1024, slots: 2, store: true, cotangentPlane: true };
    const lengths = (stages: number) => ({
      acts: arenaPlan(spec, { ...shape, stages }).actsSize,
      cots: cotangentPlan(spec, { ...shape, stages }).size,
    });
    expect(stagesAtOnce(4, lengths, 128 * MIB)).toBe(4);
    expect(4 * (lengths(4).acts + lengths(4).cots)).toBeLessThan(112 * MIB);
  });
});

test("sections follow each other, and every stage starts where a binding may", () => {
  const spec = packing(mlpSpec({ dim: 3, hidden: [5, 18], activation: "swish" }));
  const shape = { batch: 7, slots: 3, stages: 3, store: true, cotangentPlane: true };
  const plan = arenaPlan(spec, shape);
  // 21 rows, filled up to a multiple of 16; padded widths 4, 8, 20, 4.
  expect(plan.rows).toBe(32);
  expect(plan.acts).toEqual([0, 448, 448 + 768, 448 + 768 + 1920]);
  expect(plan.actsSize).toBe(448 + 768 + 1920 + 192);
  for (const at of plan.acts) expect(at % 64).toBe(0);
  for (const width of [4, 8, 20]) expect((plan.rows * width) % 64).toBe(0);
  const { cots, shares, size } = cotangentPlan(spec, shape);
  expect(cots).toEqual([0, 768, 768 + 1920]);
  // Of β only the hidden layers, and of one stage: 7 rows of 8 and of 20.
  expect(shares).toEqual([3072, 3072 + 64, 3072 + 64 + 192]);
  expect(size).toBe(3072 + 64 + 192);
});
