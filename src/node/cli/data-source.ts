/** What `train --data` names: a toy set, or a file of points. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { type Dataset, fromPoints, TOY_SETS, toy, toyDataset } from "../../data/index.js";
import { ArgumentError } from "../../gpu/errors.js";
import { readCsvPoints } from "./csv-points.js";
import { type Window2d, window2d } from "./heat-map.js";

export interface DataSource {
  readonly dataset: Dataset;
  readonly columns: readonly string[];
  /** What a picture of it shows; absent unless D = 2. */
  readonly window?: Window2d;
}

export interface DataRequest {
  readonly name: string;
  readonly columns?: string;
  /** Rows kept apart for evaluation; 10,000 of a toy set and a tenth of a file unless given. */
  readonly heldOut?: number;
  readonly seed: number;
}

/** @throws ArgumentError for a name that is neither, DataError for what is wrong in a file */
export function openData({ name, columns, heldOut, seed }: DataRequest): DataSource {
  if (TOY_SETS.some((set) => set.name === name)) {
    if (columns !== undefined) throw new ArgumentError(`The data set ${name} has no columns to choose from.`);
    const dataset = toyDataset(name, { heldOut, seed });
    const [low, high] = toy(name).window;
    return { dataset, columns: ["x", "y"], window: window2d([low, high, low, high]) };
  }
  if (!existsSync(name) && !/[./\\]/.test(name)) {
    const names = TOY_SETS.map((set) => set.name).join(", ");
    throw new ArgumentError(
      `There is no data set ${JSON.stringify(name)}.`,
      `Give the path of a CSV file or one of: ${names}.`,
    );
  }
  const csv = readCsvPoints(name, columns);
  const dim = csv.columns.length;
  const heldOutFraction = heldOut === undefined ? undefined : heldOut / (csv.points.length / dim);
  const dataset = fromPoints(csv.points, dim, { name: basename(name), heldOutFraction, seed });
  return { dataset, columns: csv.columns, window: dim === 2 ? windowAround(dataset.points) : undefined };
}

/** The box around points [rows, 2], a tenth wider on each side. */
function windowAround(points: Float32Array): Window2d {
  const range = (axis: number) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = axis; at < points.length; at += 2) {
      low = Math.min(low, points[at]!);
      high = Math.max(high, points[at]!);
    }
    const margin = (high - low) / 10;
    return [low - margin, high + margin] as const;
  };
  const [left, right] = range(0);
  const [bottom, top] = range(1);
  return { left, right, bottom, top };
}
