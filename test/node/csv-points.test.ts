import { describe, expect, test } from "vitest";
import { DataError } from "../../src/gpu/errors.js";
import { parseCsvPoints } from "../../src/node/cli/csv-points.js";

const read = (text: string, columns?: string) => {
  const { points, columns: names } = parseCsvPoints(text, "file.csv", columns);
  return { points: [...points], names };
};

function failure(text: string, columns?: string): string {
  try {
    parseCsvPoints(text, "file.csv", columns);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    return (error as DataError).message;
  }
  throw new Error("nothing was thrown");
}

describe("points from CSV", () => {
  test.each([
    ["commas", "1,2\n3,4\n"],
    ["semicolons", "1;2\n3;4\n"],
    ["tabs", "1\t2\n3\t4"],
    ["bars", "1|2\n3|4"],
    ["blanks, as numpy.savetxt writes", "1.0e+00 2.0e+00\n3.0e+00   4.0e+00\n"],
    ["CRLF", "1,2\r\n3,4\r\n"],
    ["quotes", '"1","2"\n"3","4"\n'],
    ["blanks around cells", " 1 , 2\n3 ,4 \n"],
    ["blank lines", "\n1,2\n\n3,4\n\n\n"],
  ])("%s", (_, text) => {
    expect(read(text)).toEqual({ points: [1, 2, 3, 4], names: ["x1", "x2"] });
  });

  test("a header gives the names, quoted ones too", () => {
    expect(read('"length, cm",width\n1,2\n').names).toEqual(["length, cm", "width"]);
  });

  test("a comma in a name does not make it the delimiter", () => {
    expect(read("length, cm;width\n1;2\n")).toEqual({ points: [1, 2], names: ["length, cm", "width"] });
  });

  test("one column", () => {
    expect(read("height\n1.5\n-2e3\n.25\n")).toEqual({ points: [1.5, -2000, 0.25], names: ["height"] });
  });

  test("columns by name and by number, in the order asked for", () => {
    const text = "id,x,y\na,1,2\nb,3,4\n";
    expect(read(text, "y,x")).toEqual({ points: [2, 1, 4, 3], names: ["y", "x"] });
    expect(read(text, "2,3").points).toEqual([1, 2, 3, 4]);
  });

  test.each([
    ["NaN, counting the header as row 1", "x,y\n1,2\n3,NaN\n", undefined, 'row 3, column 2 is "NaN"'],
    ["NaN in the first row, which is no header", "nan,2\n1,2\n", undefined, 'row 1, column 1 is "nan"'],
    ["blank lines count", "1,2\n\n3,oops\n", undefined, 'row 3, column 2 is "oops"'],
    ["a decimal comma", "1,5;2,5\n", undefined, 'row 1, column 1 is "1,5"'],
    ["an empty cell", "1,2\n3,\n", undefined, "row 2, column 2 is empty"],
    ["a row that is too short", "1,2\n3\n", undefined, "row 2, column 2 is empty"],
    ["a row that is too long", "1,2\n3,4,5\n", undefined, "row 2 has 3 cells"],
    ["beyond float32", "1,2\n3,1e39\n", undefined, 'row 2, column 2 is "1e39"'],
    ["hexadecimal is no number here", "1,2\n3,0x10\n", undefined, 'row 2, column 2 is "0x10"'],
    ["a column that is not there", "x,y\n1,2\n", "z", 'no column "z". It has 2: x, y'],
    ["no rows below the header", "x,y\n", undefined, "header but no rows"],
    ["nothing at all", " \n\n", undefined, "no rows"],
  ])("%s", (_, text, columns, message) => {
    expect(failure(text, columns)).toContain(message);
  });
});
