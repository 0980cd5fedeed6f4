/** Which path the figures of a device lead to. */
import { describe, expect, test } from "vitest";
import { expectedMilliseconds, measuredPath, ruleOf, type SolveWork } from "../../src/ode/estimate.js";

const measured = (launch: number, rate: number) =>
  ({ launch, rate, form: "block", spent: 90, measuredAt: 1, source: "measured" }) as const;

/** RK4, 8 steps, two layers 16 wide, batch 32 with one probe, 300 times: the rule takes the fused path, just. */
const small: SolveWork = { evaluations: 32, multiplyAdds: 2 * 32 * 352, dispatches: 6, uses: 300 };
/** Half of that: the rule takes the layered path. */
const less: SolveWork = { ...small, uses: 150 };

describe("the rule", () => {
  test.each<[number, object]>([
    // The cost of one solve is 32 (22,528 + 6e5) = 1.99e7 multiply-adds; compiling is worth 4e9 of them.
    [4, { path: "layered", certain: true }],
    [5, { path: "layered", certain: false }],
    [200, { path: "layered", certain: false }],
    [201, { path: "fused", certain: true }],
  ])("%d uses", (uses, expected) => expect(ruleOf({ ...small, uses })).toEqual(expected));

  test("holds where nothing was measured, whatever the figures", () => {
    const assumed = { ...measured(100, 1e9), source: "assumed" } as const;
    expect(measuredPath(less, assumed, true)).toBe("layered");
  });
});

describe("what was measured", () => {
  test("gives the time of a solve: products, and launches between the layers or two in all", () => {
    const figures = measured(0.05, 1e6);
    expect(expectedMilliseconds("layered", small, figures)).toBeCloseTo(32 * 22_528e-6 + 32 * 6 * 0.05, 9);
    expect(expectedMilliseconds("fused", small, figures)).toBeCloseTo(32 * 22_528e-6 + 2 * 0.05, 9);
  });

  test.each<[string, SolveWork, number, number, boolean, string]>([
    // Launches of 150 solves: 28,800 dispatches. Kernels take 100 ms to compile on a GPU, 1 s on a software adapter.
    ["slow launches on a GPU", less, 0.05, 1e6, false, "fused"],
    ["slow launches on a software adapter", less, 0.1, 1e6, true, "fused"],
    // 2.1 s against 1.1 s, 0.15 s against 0.1 s: not clear.
    ["launches not slow enough on a software adapter", less, 0.07, 1e6, true, "layered"],
    ["quick launches on a GPU", less, 0.005, 1e8, false, "layered"],
    // 2.6e9 multiply-adds: launches are nothing beside them.
    ["much work in each launch", { ...less, multiplyAdds: 1e7, uses: 8 }, 0.05, 1e6, true, "layered"],
    ["too little for any device", { ...small, uses: 1 }, 10, 1e6, false, "layered"],
    ["enough for every device", small, 1e-6, 1e6, true, "fused"],
  ])("%s", (_, work, launch, rate, isSoftware, path) => {
    expect(measuredPath(work, measured(launch, rate), isSoftware)).toBe(path);
  });
});
