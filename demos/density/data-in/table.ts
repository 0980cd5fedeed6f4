/** Tables as people have them, CSV, TSV, JSON or npy, and two of their columns as points. */
import { DataError, FjordError, io } from "fjordgpu";
import Papa from "papaparse";
import { decimal, integer } from "../../shared/format.js";
import type { OwnData } from "../sets.js";

export type Cell = string | number | null;

export interface Table {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Number of the first row in the file, from 1. */
  readonly firstRow: number;
}

export interface Picked {
  readonly own: OwnData;
  readonly rows: number;
  /** Rows that were left out. */
  readonly left: number;
}

export const MOST_BYTES = 50e6;
const SHOWN = 6;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** How programs write that there is no number: never the name of a column. */
const NO_NUMBER = /^([+-]?(nan|inf|infinity)|na|n\/a|null|none|\?)?$/i;

/**
 * Reads a file by what it holds, not by its name.
 * @throws DataError naming what is missing, FileFormatError for an npy file that is not understood
 */
export function readTable(bytes: Uint8Array, file: string): Table {
  if (bytes.length > MOST_BYTES) {
    throw new DataError(`${file} has ${integer(bytes.length / 1e6)} MB.`, "At most 50 MB are read here.");
  }
  if (bytes[0] === 0x93) return fromNpy(bytes, file);
  // A decoder drops the byte order mark.
  const text = new TextDecoder().decode(bytes);
  return /^\s*[[{]/.test(text) ? fromJson(text, file) : fromText(text, file);
}

function fromNpy(bytes: Uint8Array, file: string): Table {
  const { shape, data } = io.readNpy(bytes);
  const width = shape[1] ?? 0;
  if (shape.length !== 2 || width < 2) {
    throw new DataError(`${file} has the shape [${shape.join(", ")}].`, "Points are rows of 2 or more.");
  }
  const rows = Array.from({ length: shape[0]! }, (_, i) =>
    Array.from(data.subarray(i * width, (i + 1) * width)),
  );
  return checked({ file, columns: numbered(width), rows, firstRow: 1 });
}

/** Rows as arrays or as objects, or an object of columns. */
function fromJson(text: string, file: string): Table {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${file} is no valid JSON: ${error instanceof Error ? error.message : error}.`);
  }
  const isRecord = (one: unknown): one is Record<string, unknown> =>
    typeof one === "object" && one !== null && !Array.isArray(one);
  const cell = (one: unknown): Cell => (typeof one === "number" || typeof one === "string" ? one : null);
  if (isRecord(value)) {
    const columns = Object.keys(value).filter((name) =>
      Array.isArray((value as Record<string, unknown>)[name]),
    );
    const lists = columns.map((name) => (value as Record<string, unknown[]>)[name]!);
    const length = Math.max(0, ...lists.map((list) => list.length));
    const rows = Array.from({ length }, (_, i) => lists.map((list) => cell(list[i])));
    return checked({ file, columns, rows, firstRow: 1 });
  }
  const list = value as unknown[];
  if (isRecord(list[0])) {
    const columns = Object.keys(list[0]);
    const rows = list.map((row) => columns.map((name) => cell(isRecord(row) ? row[name] : null)));
    return checked({ file, columns, rows, firstRow: 1 });
  }
  const rows = list.map((row) => (Array.isArray(row) ? row.map(cell) : [cell(row)]));
  return checked({ file, columns: numbered(rows[0]?.length ?? 0), rows, firstRow: 1 });
}

/** The first row is a header when none of its cells is a number and one is a name. Blank lines are no rows. */
function fromText(text: string, file: string): Table {
  const rows = cellsOf(text);
  const filled = rows.findIndex(isFilled);
  const first = rows[filled] ?? [];
  const isName = (cell: string) => /[\p{L}_]/u.test(cell) && !NO_NUMBER.test(cell);
  const hasHeader = !first.some((cell) => NUMBER.test(cell)) && first.some(isName);
  const columns = numbered(first.length).map((name, i) => (hasHeader && first[i] ? first[i] : name));
  const start = hasHeader ? filled + 1 : Math.max(filled, 0);
  // Blank lines stay, so that a row's number is that of the file; pickColumns passes over them.
  return checked({ file, columns, rows: rows.slice(start), firstRow: start + 1 });
}

function checked(table: Table): Table {
  const rows = table.rows.filter(isFilled).length;
  if (table.columns.length < 2) {
    throw new DataError(
      `${table.file} has ${table.columns.length === 1 ? "one column" : "no columns"}.`,
      "Two are needed, set apart by commas, semicolons, tabs or blanks.",
    );
  }
  if (rows < 2) throw new DataError(`${table.file} has ${rows === 1 ? "one row" : "no rows"} of numbers.`);
  return table;
}

/** All records, cells trimmed. */
function cellsOf(text: string): string[][] {
  const line = (/\S.*/.exec(text)?.[0] ?? "").replace(/"[^"]*"/g, "");
  // A comma is the last choice, because it also stands inside names and, in half of Europe, inside numbers.
  const delimiter = ["\t", ";", "|", ","].find((mark) => line.trim().includes(mark));
  if (delimiter === undefined && /\S +\S/.test(line)) {
    return text.split(/\r\n|\n|\r/).map((row) => row.trim().split(/ +/));
  }
  const { data } = Papa.parse<string[]>(text, { delimiter: delimiter ?? "," });
  return data.map((row) => row.map((one) => one.trim()));
}

const isFilled = (row: readonly Cell[]) => row.some((cell) => cell !== "" && cell !== null);

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `x${i + 1}`);
}

/** NaN where there is no number. */
export function numberIn(cell: Cell | undefined): number {
  if (typeof cell === "number") return cell;
  return typeof cell === "string" && NUMBER.test(cell.trim()) ? Number(cell) : Number.NaN;
}

/** A few rows to show, without blank ones. */
export function firstRows({ rows }: Table): readonly (readonly Cell[])[] {
  const first: (readonly Cell[])[] = [];
  for (let i = 0; i < rows.length && first.length < SHOWN; i++) if (isFilled(rows[i]!)) first.push(rows[i]!);
  return first;
}

/** The first two columns that begin with a number, else the first two. */
export function likelyColumns({ columns, rows }: Table): [x: number, y: number] {
  const first = rows.find(isFilled) ?? [];
  const numeric = columns.map((_, i) => i).filter((i) => Number.isFinite(numberIn(first[i])));
  return numeric.length >= 2 ? [numeric[0]!, numeric[1]!] : [0, 1];
}

/**
 * Two columns as points, each shifted and scaled to mean 0 and standard deviation 1.
 * @param leaveOut passes over rows with a cell that is no number, instead of throwing
 * @throws DataError naming the first such cell by row and column, or a column that is the same in every row
 */
export function pickColumns(table: Table, pair: readonly [number, number], leaveOut = false): Picked {
  const values: number[] = [];
  let left = 0;
  table.rows.forEach((row, i) => {
    if (!isFilled(row)) return;
    const numbers = pair.map((column) => numberIn(row[column]));
    const bad = numbers.findIndex((value) => !Number.isFinite(Math.fround(value)));
    if (bad < 0) values.push(...numbers);
    else if (leaveOut) left += 1;
    else throw badCell(table, i, pair[bad]!);
  });
  const rows = values.length / 2;
  if (rows < 2) throw new DataError(`${table.file} has fewer than two rows of numbers in these columns.`);
  const mean = axes((axis) => columnMean(values, axis));
  const std = axes((axis) => Math.sqrt(columnMean(values, axis, (value) => (value - mean[axis]) ** 2)));
  for (const axis of [0, 1] as const) {
    if (std[axis] > 1e-30 && std[axis] < 1e30) continue;
    throw new DataError(
      `Column “${table.columns[pair[axis]]}” is ${std[axis] === 0 ? `${values[axis]} in every row` : "out of scale"}.`,
      "Choose another column.",
    );
  }
  const points = Float32Array.from(values, (value, i) => {
    const axis = (i % 2) as 0 | 1;
    return (value - mean[axis]) / std[axis];
  });
  const columns = [table.columns[pair[0]]!, table.columns[pair[1]]!] as const;
  return { own: { kind: "file", title: table.file, points, columns, scaling: { mean, std } }, rows, left };
}

const axes = (of: (axis: 0 | 1) => number): [number, number] => [of(0), of(1)];

function columnMean(values: readonly number[], axis: 0 | 1, change = (value: number) => value): number {
  let sum = 0;
  for (let i = axis; i < values.length; i += 2) sum += change(values[i]!);
  return sum / (values.length / 2);
}

function badCell({ file, columns, rows, firstRow }: Table, row: number, column: number): DataError {
  const cell = rows[row]![column];
  const shown = cell === "" || cell === null || cell === undefined ? "empty" : `“${cell}”`;
  return new DataError(
    `Row ${integer(firstRow + row)} of ${file}, column “${columns[column]}”, is ${shown}.`,
    "Every cell of the two columns must be a number.",
  );
}

/** What is done with the columns, in words. */
export function scalingText({ own: { columns, scaling }, rows, left }: Picked): string {
  const part = (axis: 0 | 1) =>
    `${columns[axis]} (mean ${short(scaling!.mean[axis])}, standard deviation ${short(scaling!.std[axis])})`;
  const without = left > 0 ? `, ${integer(left)} left out` : "";
  return (
    `${integer(rows)} rows${without}. ${part(0)} and ${part(1)} are shifted and scaled to mean 0 and standard ` +
    "deviation 1; saved samples and grids are in your units again."
  );
}

function short(value: number): string {
  const size = Math.abs(value);
  return size >= 1e6 || (size > 0 && size < 1e-3)
    ? value.toExponential(2).replace("-", "−")
    : decimal(value, size < 10 ? 3 : 1);
}

/** The sentence for people in whatever was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof FjordError || error instanceof Error ? error.message : String(error);
}
