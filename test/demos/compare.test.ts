/** The pure parts of the comparison page: pairs, links, presets, curves. */
import { describe, expect, test } from "vitest";
import { Curves } from "../../demos/compare/curves.js";
import { pairFragment, pairFrom, readPair } from "../../demos/compare/link.js";
import { COMMON_KEYS, differences, OWN_KEYS, phasesOf, usual, withSide } from "../../demos/compare/pair.js";
import { pathLength } from "../../demos/compare/paths.js";
import { applied, PRESETS, presetOf } from "../../demos/compare/presets.js";
import type { Progress } from "../../demos/compare/protocol.js";
import { ALLOWED, type Config } from "../../demos/density/config.js";
import { fragmentOf } from "../../demos/density/link.js";

const base = usual(true);
const alike = { a: base, b: base };

/** All keys in which two configurations are not the same. */
const unequal = (a: Config, b: Config) =>
  (Object.keys(a) as (keyof Config)[]).filter((key) => a[key] !== b[key]);

test("every setting is either common or each side's own", () => {
  expect([...COMMON_KEYS, ...OWN_KEYS].sort()).toEqual(Object.keys(base).sort());
});

test("a side takes the other along in what they have in common, and in nothing else", () => {
  const pair = withSide(alike, "b", { ...base, seed: 9, lr: 0.5 });
  expect(unequal(pair.a, base)).toEqual(["seed"]);
  expect(unequal(pair.a, pair.b)).toEqual(["lr"]);
});

test("settings without a meaning are no difference", () => {
  expect(differences({ a: base, b: { ...base, rtol: 1e-2 } })).toEqual([]);
  expect(differences({ a: base, b: { ...base, solver: "dopri5" } })).toEqual([
    "solver",
    "solverSteps",
    "rtol",
  ]);
});

test("both phases together have the steps that were asked for", () => {
  expect(phasesOf({ warm: 500, steps: 2000 })).toEqual({ warm: 500, likelihood: 1500 });
  expect(phasesOf({ warm: 500, steps: 60 })).toEqual({ warm: 60, likelihood: 0 });
});

describe("presets", () => {
  test.each(PRESETS)("$name changes B where it says, and is recognised", (preset) => {
    const pair = applied(preset, { a: { ...base, set: "rings", seed: 4 }, b: { ...base, lr: 0.5 } });
    expect(unequal(pair.a, pair.b)).toEqual(Object.keys(preset.b));
    expect(pair.a).toMatchObject({ set: "rings", seed: 4, lr: base.lr });
    expect(differences(pair).length).toBeGreaterThan(0);
    expect(presetOf(pair)).toBe(preset);
    for (const side of [pair.a, pair.b]) {
      for (const key of Object.keys(side) as (keyof Config)[]) {
        expect(ALLOWED[key](side[key] as never), key).toBe(true);
      }
    }
  });

  test("of a pair of one's own there is none", () => {
    expect(presetOf({ a: base, b: { ...base, lr: 0.5 } })).toBeUndefined();
  });
});

describe("a link", () => {
  test("carries a pair there and back", () => {
    const pair = {
      a: { ...base, set: "rings", seed: 4 },
      b: { ...base, set: "rings", seed: 4, warm: 0, lr: 0.5 },
    };
    const wish = readPair(`#${pairFragment(pair, undefined)}`)!;
    expect(wish.ignored).toEqual([]);
    expect(pairFrom(wish, usual(false))).toEqual(pair);
  });

  test("of the density page is one with both sides alike", () => {
    const config = { ...base, set: "pinwheel", hidden: "8-8" };
    expect(pairFrom(readPair(fragmentOf(config, undefined))!, base)).toEqual({ a: config, b: config });
  });

  test("names what it does not understand, and takes the rest", () => {
    // Data and seed are not B's own, and a warm start must end with a turn.
    const wish = readPair("#v=1&x=3&h=8-8&q=9&w=7&Bx=4&Bd=rings&Bh=nonsense&Bw=30&Bl=squash")!;
    expect(wish.a).toEqual({ seed: 3, hidden: "8-8" });
    expect(wish.b).toEqual({ layer: "squash" });
    expect([...wish.ignored].sort()).toEqual(
      ["Bd=rings", "Bh=nonsense", "Bw=30", "Bx=4", "q=9", "w=7"].sort(),
    );
    expect(readPair("#v=9&x=3")).toEqual({ a: {}, b: {}, ignored: ["v=9"] });
    expect(readPair("#main")).toBeUndefined();
  });
});

test("the length of a path is that of its parts, in deviations of the data", () => {
  const samples = [
    [0, 0, 1, 1],
    [3, 8, 1, 1],
    [3, 8, 7, 1],
  ].map((points) => new Float32Array(points));
  // (3, 8) is (3, 4) in deviations, so 5 long; the other particle goes 6 to the side.
  expect(pathLength({ samples, std: [1, 2] })).toBe(5.5);
});

test("curves share an axis, by steps or by each side's own seconds", () => {
  const curves = new Curves();
  const turn = (side: "a" | "b", step: number, seconds: number): Progress => ({
    type: "progress",
    side,
    phase: "likelihood",
    step,
    loss: step / 10,
    nfe: 8,
    nfeBackward: 9,
    stepTime: 1,
    seconds,
  });
  curves.judge("a", 3.5);
  expect(curves.of("a")).toMatchObject([{ step: 0, seconds: 0, heldOut: 3.5, evaluations: null }]);
  curves.add(turn("a", 5, 1));
  curves.add(turn("b", 5, 3));
  curves.judge("b", 2.5);
  curves.add(turn("a", 10, 2));
  curves.judge("a", Number.POSITIVE_INFINITY);
  const wanted = [
    ["a", "loss"],
    ["b", "heldOut"],
  ] as const;
  expect(curves.columns("step", wanted)).toEqual([
    [0, 5, 10],
    [null, 0.5, 1],
    [null, 2.5, null],
  ]);
  expect(curves.columns("seconds", wanted)).toEqual([
    [0, 1, 2, 3],
    [null, 0.5, 1, null],
    [null, null, null, 2.5],
  ]);
  expect(curves.of("a")[2]).toMatchObject({ evaluations: 17, heldOut: null });
  for (let step = 15; step < 15 + 5 * 1300; step += 5) curves.add(turn("b", step, step));
  expect(curves.of("b").length).toBeLessThan(1300);
  expect(curves.of("b")[0]).toMatchObject({ step: 5, heldOut: 2.5 });
});
