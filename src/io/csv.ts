/** Comma-separated values (RFC 4180, lines ending in "\n"), safe to open in a spreadsheet. */
import { DataError } from "../gpu/errors.js";

const PLAIN_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^[+-]?infinity$/i;
/** What a spreadsheet may take for a formula, blanks in front included. */
const FORMULA = /^\s*[=+\-@]/;

/**
 * One cell. Numbers are written as JavaScript prints them (also NaN and ±Infinity). Text that a spreadsheet
 * would evaluate gets an apostrophe in front, unless it is a plain number; quotes go where RFC 4180 asks.
 */
function cell(value: number | string): string {
  if (typeof value === "number") return String(value);
  const safe = FORMULA.test(value) && !PLAIN_NUMBER.test(value) ? `'${value}` : value;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * A header line and a line for each row.
 * @throws DataError for a row that has another number of cells than the header, naming the row (from 1).
 */
export function writeCsv(header: readonly string[], rows: Iterable<readonly (number | string)[]>): string {
  const lines = [header.map(cell).join(",")];
  for (const row of rows) {
    if (row.length !== header.length) {
      throw new DataError(
        `Row ${lines.length} has ${row.length} cells, and the header has ${header.length}.`,
      );
    }
    lines.push(row.map(cell).join(","));
  }
  return `${lines.join("\n")}\n`;
}

/** The shortest decimal that reads back as the same float32: 0.1, not 0.10000000149011612. */
export function formatFloat32(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return String(short);
  }
  // Nine digits always tell two float32 apart.
  return String(Number(value.toPrecision(9)));
}

/**
 * The rows of points [n, columns], each value as formatFloat32 writes it, for writeCsv.
 * @throws DataError if the values do not fill whole rows.
 */
export function* float32Rows(points: Float32Array, columns: number): Generator<string[]> {
  if (points.length % columns !== 0) {
    throw new DataError(`${points.length} values do not fill rows of ${columns}.`);
  }
  for (let at = 0; at < points.length; at += columns) {
    yield Array.from(points.subarray(at, at + columns), formatFloat32);
  }
}
