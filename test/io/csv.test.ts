import fc from "fast-check";
import Papa from "papaparse";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/gpu/errors.js";
import { float32Rows, formatFloat32, writeCsv } from "../../src/io/csv.js";

describe("csv", () => {
  test("text without formulas comes back through a parser of its own", () => {
    const text = fc.string({ unit: "binary" }).filter((s) => !/^\s*[=+\-@]/.test(s) && !/^\s*$/.test(s));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 }), (rows) => {
        const csv = writeCsv(["x", "y"], rows);
        const parsed = Papa.parse<string[]>(csv, {
          delimiter: ",",
          newline: "\n",
          skipEmptyLines: true,
        }).data;
        expect(parsed).toEqual([["x", "y"], ...rows]);
      }),
    );
  });

  test("no cell starts like a formula unless it is a number", () => {
    const risky = fc
      .tuple(fc.constantFrom("", " ", "\t", "\r"), fc.constantFrom("=", "+", "-", "@"), fc.string())
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(risky, (value) => {
        const line = writeCsv(["x"], [[value]]).slice(2);
        const start = line.replace(/^"/, "").trimStart();
        expect(/^[+-](\d|\.\d|infinity)/i.test(value) || start.startsWith("'")).toBe(true);
      }),
    );
  });

  test.each([
    [1, "1"],
    [-0.5, "-0.5"],
    ["-0.5", "-0.5"],
    ["+1e-3", "+1e-3"],
    ["-1+cmd()", "'-1+cmd()"],
    ["=1", "'=1"],
    ["-", "'-"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
    ['say "a, b"', '"say ""a, b"""'],
    ["two\nlines", '"two\nlines"'],
    [" padded", '" padded"'],
  ])("%j is written as %j", (value, text) => {
    expect(writeCsv(["h"], [[value]])).toBe(`h\n${text}\n`);
  });

  test("a ragged row is named", () => {
    expect(() => writeCsv(["x", "y"], [[1, 2], [3]])).toThrow(/Row 2 has 1 cells/);
    expect(() => writeCsv(["x", "y"], [[1]])).toThrow(DataError);
  });

  test("formatFloat32 is short and exact", () => {
    expect(formatFloat32(Math.fround(0.1))).toBe("0.1");
    fc.assert(
      fc.property(fc.float(), (value) => {
        const back = Math.fround(Number(formatFloat32(value)));
        // −0 is written as 0.
        expect(back === value || (Number.isNaN(back) && Number.isNaN(value))).toBe(true);
      }),
    );
  });

  test("float32Rows cuts points into rows", () => {
    const points = Float32Array.of(1, 0.1, -2, 3);
    expect(writeCsv(["x", "y"], float32Rows(points, 2))).toBe("x,y\n1,0.1\n-2,3\n");
    expect(() => [...float32Rows(points, 3)]).toThrow(DataError);
    expect(() => [...float32Rows(points, 0)]).toThrow(DataError);
  });
});
