/** Points from a CSV file as people have them: any delimiter, with or without a header, quotes, CRLF, a BOM. */
import Papa from "papaparse";
import { DataError } from "../../gpu/errors.js";
import { readBytes } from "./files.js";

export interface CsvPoints {
  /** [rows, columns.length] row-major. */
  readonly points: Float64Array;
  /** The header's names of the columns that were taken, else "x1", "x2", … by their place in the file. */
  readonly columns: readonly string[];
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** How programs write that there is no number: never the name of a column. */
const NO_NUMBER = /^([+-]?(nan|inf|infinity)|na|n\/a|null|none|\?)?$/i;

/** @param columns names or numbers (from 1), comma-separated; all unless given */
export function readCsvPoints(path: string, columns?: string): CsvPoints {
  // A decoder drops the byte order mark.
  return parseCsvPoints(new TextDecoder().decode(readBytes(path)), path, columns);
}

/**
 * The first row is a header when none of its cells is a number and one is a name. Blank lines are skipped.
 * @throws DataError for a file without rows, a column that is not there, and the first cell that is missing or
 *   not a finite number within float32, named by its row and column in the file (both from 1)
 */
export function parseCsvPoints(text: string, file: string, columns?: string): CsvPoints {
  const rows = cellsOf(text);
  const filled = rows.findIndex(isFilled);
  const first = rows[filled];
  if (!first) throw new DataError(`${file} has no rows.`);
  const isName = (cell: string) => /[\p{L}_]/u.test(cell) && !NO_NUMBER.test(cell);
  const hasHeader = !first.some((cell) => NUMBER.test(cell)) && first.some(isName);
  const names = first.map((cell, i) => (hasHeader && cell !== "" ? cell : `x${i + 1}`));
  const taken = columns === undefined ? names.map((_, i) => i) : chosenColumns(columns, names, file);
  const values: number[] = [];
  for (let row = hasHeader ? filled + 1 : filled; row < rows.length; row++) {
    const cells = rows[row]!;
    if (!isFilled(cells)) continue;
    if (columns === undefined && cells.length > names.length) {
      throw new DataError(
        `${file}, row ${row + 1} has ${cells.length} cells, and the first has ${names.length}.`,
      );
    }
    for (const column of taken) {
      const cell = cells[column] ?? "";
      const value = NUMBER.test(cell) ? Number(cell) : Number.NaN;
      if (!Number.isFinite(Math.fround(value))) {
        const shown = cell === "" ? "empty" : JSON.stringify(cell);
        throw new DataError(
          `${file}, row ${row + 1}, column ${column + 1} is ${shown}.`,
          "Every cell must be a finite number: repair the row, or choose columns with --columns.",
        );
      }
      values.push(value);
    }
  }
  if (values.length === 0) throw new DataError(`${file} has a header but no rows.`);
  return { points: Float64Array.from(values), columns: taken.map((i) => names[i]!) };
}

/** All records of the file, cells trimmed. */
function cellsOf(text: string): string[][] {
  const line = (/\S.*/.exec(text)?.[0] ?? "").replace(/"[^"]*"/g, "");
  // A comma is the last choice, because it also stands inside names and, in half of Europe, inside numbers.
  const delimiter = ["\t", ";", "|", ","].find((mark) => line.trim().includes(mark));
  // Columns set apart by blanks alone, as numpy.savetxt writes them.
  if (delimiter === undefined && /\S +\S/.test(line)) {
    return text.split(/\r\n|\n|\r/).map((row) => row.trim().split(/ +/));
  }
  const { data } = Papa.parse<string[]>(text, { delimiter: delimiter ?? "," });
  return data.map((row) => row.map((cell) => cell.trim()));
}

const isFilled = (cells: readonly string[]) => cells.some((cell) => cell !== "");

function chosenColumns(columns: string, names: readonly string[], file: string): number[] {
  return columns.split(",").map((part) => {
    const wanted = part.trim();
    const byName = names.indexOf(wanted);
    if (byName >= 0) return byName;
    const place = Number(wanted);
    if (Number.isInteger(place) && place >= 1 && place <= names.length) return place - 1;
    throw new DataError(
      `${file} has no column ${JSON.stringify(wanted)}.`,
      `It has ${names.length}: ${names.join(", ")}.`,
    );
  });
}
