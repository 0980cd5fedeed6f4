/** What the density page reads: drawings, links, tables, kept runs. */
import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { PRESETS, TRAINED, wishOf } from "../../demos/density/config.js";
import { Drawing, dabsBetween, inkOf, MOST_POINTS } from "../../demos/density/data-in/drawing.js";
import { Stroke } from "../../demos/density/data-in/stroke.js";
import { likelyColumns, pickColumns, readTable, scalingText } from "../../demos/density/data-in/table.js";
import { lessonOf, lessonQuery } from "../../demos/density/lesson.js";
import { fragmentOf, packPoints, readFragment, unpackPoints } from "../../demos/density/link.js";
import { checked } from "../../demos/density/results/keep.js";
import { weightsConfig } from "../../demos/density/results/weights.js";
import { defineOwn, OWN, ownData, setOf, windowAround } from "../../demos/density/sets.js";
import { data, io } from "../../src/index.js";

beforeEach(() => defineOwn(undefined));

/** A sequence that is the same every time (L'Ecuyer's 2³¹ − 1 generator). */
function counted(): () => number {
  let state = 1;
  return () => {
    state = (48271 * state) % 2147483647;
    return state / 2147483647;
  };
}

const WINDOW = [-4, 4] as const;

describe("a drawing", () => {
  test("the brush puts points under its tip, and never outside the window", () => {
    const drawing = new Drawing(WINDOW, counted());
    drawing.brush({ x: 1, y: -1, radius: 0.5 }, 200);
    expect(drawing.count).toBe(200);
    const { points } = drawing;
    for (let i = 0; i < points.length; i += 2) {
      expect(Math.hypot(points[i]! - 1, points[i + 1]! + 1)).toBeLessThan(0.5001);
    }
    drawing.brush({ x: 4, y: 4, radius: 1 }, 400);
    // About a quarter of the disc lies inside.
    expect(drawing.count).toBeGreaterThan(250);
    expect(drawing.count).toBeLessThan(350);
    expect(Math.max(...drawing.points)).toBeLessThanOrEqual(4);
    drawing.brush({ x: 0, y: 0, radius: 1 }, 10 * MOST_POINTS);
    expect(drawing.count).toBe(MOST_POINTS);
  });

  test("fractions of a point come as often as they should", () => {
    const drawing = new Drawing(WINDOW, counted());
    for (let i = 0; i < 1000; i++) drawing.brush({ x: 0, y: 0, radius: 1 }, 0.3);
    // Five standard deviations of a binomial.
    expect(Math.abs(drawing.count - 300)).toBeLessThan(5 * Math.sqrt(1000 * 0.3 * 0.7));
  });

  test("strokes are undone, done again, and forgotten after a new one", () => {
    const drawing = new Drawing(WINDOW, counted());
    const stroke = (work: () => void) => {
      drawing.beginStroke();
      work();
    };
    stroke(() => drawing.brush({ x: -2, y: 0, radius: 0.5 }, 50));
    stroke(() => drawing.brush({ x: 2, y: 0, radius: 0.5 }, 50));
    const both = drawing.points;
    stroke(() => drawing.erase({ x: 2, y: 0, radius: 0.6 }));
    expect(drawing.count).toBe(50);
    expect(Math.max(...drawing.points)).toBeLessThan(0.6);
    drawing.undo();
    expect(drawing.points).toEqual(both);
    drawing.redo();
    expect(drawing.count).toBe(50);
    drawing.clear();
    expect([drawing.count, drawing.canRedo]).toEqual([0, false]);
    for (let i = 0; i < 9; i++) drawing.undo();
    expect([drawing.count, drawing.canUndo, drawing.canRedo]).toEqual([0, false, true]);
  });

  test("a quick stroke has no gaps, and pressure is ink", () => {
    const dabs = dabsBetween({ x: 0, y: 0 }, { x: 3, y: 4 }, 0.375);
    expect(dabs.length).toBe(40);
    expect(dabs.at(-1)).toEqual({ x: 3, y: 4, radius: 0.375 });
    expect([inkOf(0), inkOf(0.5), inkOf(1)]).toEqual([1, 1, 2]);
  });
});

describe("a stroke", () => {
  const mouse = { pointerId: 1, isPrimary: true, button: 0, buttons: 1 };

  test("belongs to one pointer: a second finger neither begins one nor moves it", () => {
    const stroke = new Stroke();
    expect(stroke.draws(mouse)).toBe(false);
    expect(stroke.begin(mouse)).toBe(true);
    const palm = { ...mouse, pointerId: 2, isPrimary: false };
    const pen = { ...mouse, pointerId: 3 };
    for (const other of [palm, pen]) {
      expect(stroke.begin(other)).toBe(false);
      expect(stroke.draws(other)).toBeUndefined();
      stroke.end(other);
    }
    expect(stroke.draws(mouse)).toBe(true);
    stroke.end(mouse);
    expect(stroke.draws(palm)).toBeUndefined();
    expect(stroke.begin(palm)).toBe(false);
    expect(stroke.begin(pen)).toBe(true);
  });

  test("a pen's other end erases, until it is lifted; other buttons do nothing", () => {
    const stroke = new Stroke();
    expect(stroke.begin({ ...mouse, button: 2, buttons: 2 })).toBe(false);
    for (const eraser of [
      { button: 5, buttons: 32 },
      { button: 0, buttons: 33 },
    ]) {
      expect(stroke.begin({ ...mouse, ...eraser })).toBe(true);
      expect(stroke.erases).toBe(true);
      stroke.end(mouse);
      expect(stroke.erases).toBe(false);
    }
    stroke.begin(mouse);
    expect(stroke.erases).toBe(false);
  });
});

describe("a link", () => {
  test("carries every setting there and back", () => {
    const config = { ...PRESETS.small, set: "pinwheel", seed: 17, lr: 0.02, heldOut: 0.1, rows: 1000 };
    const read = readFragment(`#${fragmentOf(config, undefined)}`);
    expect(read).toEqual({ changes: config, ignored: [] });
  });

  test("names what it does not understand, and takes the rest", () => {
    expect(readFragment("#v=1&d=mooons&x=3&q=9&b=-1")).toEqual({
      changes: { seed: 3 },
      ignored: ["d=mooons", "q=9", "b=-1"],
    });
    expect(readFragment("#v=2&x=3")).toEqual({ changes: {}, ignored: ["v=2"] });
    expect(readFragment("#main")).toBeUndefined();
    // A link to points that it does not carry.
    expect(readFragment("#v=1&d=own")!.ignored).toEqual(["d=own"]);
    expect(readFragment("#v=1&p=!!&d=own")!.ignored).toEqual(["p=!!…", "d=own"]);
  });

  test("carries a drawing in two kilobytes", () => {
    const points = data.toy("circles").sample(5_000, 0);
    const config = { ...PRESETS.tiny, set: OWN };
    defineOwn({ kind: "drawn", title: "Your drawing", points, columns: ["x", "y"] });
    const fragment = fragmentOf(config, ownData());
    expect(new URLSearchParams(fragment).get("p")!.length).toBeLessThanOrEqual(2048);
    defineOwn(undefined);
    expect(readFragment(fragment)!.changes.set).toBe(OWN);
    const back = ownData()!.points;
    expect(back.length).toBe(2 * 768);
    // A cell has the side 8/256; a point may lie anywhere in its own.
    for (let i = 0; i < 768; i++) {
      const from = Math.floor((i * 5_000) / 768);
      expect(Math.abs(back[2 * i]! - points[2 * from]!)).toBeLessThan(8 / 256);
      expect(Math.abs(back[2 * i + 1]! - points[2 * from + 1]!)).toBeLessThan(8 / 256);
    }
    // Sent on, it stays as it is.
    expect(packPoints(back)).toBe(packPoints(points));
    expect(unpackPoints("AAAA")).toBeUndefined();
  });

  test("points of a file stay at home", () => {
    const points = data.toy("moons").sample(50, 0);
    defineOwn({ kind: "file", title: "a.csv", points, columns: ["a", "b"] });
    const fragment = fragmentOf({ ...PRESETS.tiny, set: OWN }, ownData());
    expect(fragment).not.toMatch(/\b[pd]=/);
    expect(readFragment(fragment)!.ignored).toEqual([]);
  });

  test("a lesson goes into the address and comes back, with commas that can be read", () => {
    const lesson = { hidden: ["data", "lr"], text: "Find it, & smile." };
    const query = lessonQuery(lesson);
    expect(query).toContain("lesson=data,lr&");
    expect(lessonOf(query)).toEqual(lesson);
    expect(lessonQuery({ hidden: [], text: "" })).toBe("");
  });

  test("the query's lesson and text are not settings", () => {
    expect(wishOf("?lesson=data,lr&text=Hello&set=own").ignored).toEqual(["set=own"]);
  });
});

const bytes = (text: string) => new TextEncoder().encode(text);

describe("a table", () => {
  test.each([
    ["CSV with a header", "name,a,b\nu,1,2\nv,3,5\n", ["name", "a", "b"], [1, 2]],
    ["TSV without one", "1\t2\n3\t5\n", ["x1", "x2"], [0, 1]],
    ["semicolons, CRLF, quotes and a mark", '\uFEFF"a";"b"\r\n1;2\r\n3;5\r\n', ["a", "b"], [0, 1]],
    ["blanks", "  1   2\n  3   5\n", ["x1", "x2"], [0, 1]],
    ["JSON rows", "[[1, 2], [3, 5]]", ["x1", "x2"], [0, 1]],
    ["JSON objects", '[{"n":"u","a":1,"b":2},{"n":"v","a":3,"b":5}]', ["n", "a", "b"], [1, 2]],
    ["JSON columns", '{"a":[1,3],"b":[2,5]}', ["a", "b"], [0, 1]],
  ])("%s", (_name, text, columns, pair) => {
    const table = readTable(bytes(text), "t");
    expect(table.columns).toEqual(columns);
    expect(likelyColumns(table)).toEqual(pair);
    const { own } = pickColumns(table, likelyColumns(table));
    // Two values are one standard deviation from their mean each.
    expect([...own.points]).toEqual([-1, -1, 1, 1]);
    expect(own.scaling).toEqual({ mean: [2, 3.5], std: [1, 1.5] });
  });

  test("npy", () => {
    const table = readTable(io.writeNpy([3, 2], new Float64Array([1, 2, 3, 5, 1, 2])), "p.npy");
    expect(table.rows).toEqual([
      [1, 2],
      [3, 5],
      [1, 2],
    ]);
    expect(() => readTable(io.writeNpy([4], new Float64Array(4)), "p.npy")).toThrow(/shape \[4\]/);
  });

  test("the first bad row is named as the file counts it", () => {
    const table = readTable(bytes("a,b\n1,2\n\n3,oops\n4,\n5,6\n"), "bad.csv");
    expect(() => pickColumns(table, [0, 1])).toThrow(/Row 4 of bad.csv, column “b”, is “oops”/);
    const picked = pickColumns(table, [0, 1], true);
    expect([picked.rows, picked.left]).toEqual([2, 2]);
    expect(scalingText(picked)).toMatch(/^2 rows, 2 left out\. a \(mean 3\.000, standard deviation 2\.000\)/);
  });

  test("what has no two columns or no rows is refused", () => {
    expect(() => readTable(bytes("1\n2\n3\n"), "t")).toThrow(/one column/);
    expect(() => readTable(bytes("a,b\n"), "t")).toThrow(/no rows/);
    expect(() => readTable(bytes(""), "t")).toThrow(/no columns/);
    expect(() => readTable(bytes("[1, 2"), "t")).toThrow(/no valid JSON/);
    const constant = readTable(bytes("a,b\n1,2\n1,3\n"), "t");
    expect(() => pickColumns(constant, [0, 1])).toThrow(/Column “a” is 1 in every row/);
  });

  test("far offsets keep their spread", () => {
    const rows = Array.from({ length: 100 }, (_, i) => `${1e9 + i},${i}`).join("\n");
    const { own } = pickColumns(readTable(bytes(rows), "t"), [0, 1]);
    for (let i = 0; i < 100; i++) expect(own.points[2 * i]).toBeCloseTo(own.points[2 * i + 1]!, 6);
  });
});

test("the window of own points is round and holds nearly all", () => {
  expect(
    windowAround(
      data
        .toy("8gaussians")
        .sample(1_000, 0)
        .map((v) => v / 3),
    ),
  ).toEqual([-2, 2]);
  expect(windowAround(new Float32Array([1, 1, 50, -50]))).toEqual([-8, 8]);
  const points = data.toy("moons").sample(1_000, 0);
  defineOwn({ kind: "drawn", title: "Your drawing", points, columns: ["x", "y"] });
  expect(setOf({ set: OWN, noise: 1 }).window).toEqual([-4, 4]);
  expect(setOf({ set: OWN, noise: 1 }).sample(10, 0).subarray(2, 4)).toEqual(points.subarray(200, 202));
  expect(() => setOf({ set: "mooons", noise: 1 })).toThrow(/"mooons"/);
});

test("a kept run is taken only as a whole", () => {
  const beginning = { bytes: new Uint8Array(8), resume: true, step: 3 };
  const kept = { version: 1, when: 0, config: PRESETS.tiny, beginning, rows: [] };
  expect(checked(kept)).toEqual(kept);
  // A run that was kept before a setting existed had its usual value.
  const { noise: _, ...fewer } = PRESETS.tiny;
  expect(checked({ ...kept, config: fewer })).toEqual(kept);
  expect(checked(undefined)).toBeUndefined();
  expect(checked({ ...kept, version: 2 })).toBeUndefined();
  expect(checked({ ...kept, config: { ...PRESETS.tiny, solver: "magic" } })).toBeUndefined();
  expect(checked({ ...kept, config: { ...PRESETS.tiny, set: OWN } })).toBeUndefined();
  const own = { kind: "drawn", title: "d", points: new Float32Array(80), columns: ["x", "y"] };
  expect(checked({ ...kept, own, config: { ...PRESETS.tiny, set: OWN } })).toBeDefined();
  expect(ownData()).toBeUndefined();
});

test("the flow that the page comes with is the one that its form then shows", () => {
  const bytes = new Uint8Array(readFileSync("demos/public/models/moons.safetensors"));
  expect(weightsConfig(bytes, TRAINED)).toEqual(TRAINED);
});
