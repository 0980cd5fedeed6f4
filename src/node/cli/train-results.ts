/** What `train` leaves behind in its folder. */
import { join } from "node:path";
import type { Flow } from "../../cnf/flow.js";
import { type Dataset, klFromData } from "../../data/index.js";
import { writeWhole } from "./files.js";
import { gridPoints, heatMap, massInWindow, type Window2d } from "./heat-map.js";
import { columnNames, pointsCsv } from "./tables.js";

export interface CurvePoint {
  readonly step: number;
  /** Mean NLL since the point before, nats. */
  readonly loss: number;
  readonly heldOut?: number;
}

export interface HeldOut {
  /** Mean NLL of the held-out rows, nats, and its standard error. */
  readonly nll: number;
  readonly standardError: number;
  /** Where the density of the data is known: the lowest NLL there can be, and how far above it the model is. */
  readonly floor?: number;
  readonly kl?: number;
  readonly klStandardError?: number;
}

/** Undefined without held-out rows. @throws FjordError `aborted`, `non-finite` */
export async function evaluateHeldOut(
  flow: Flow,
  dataset: Dataset,
  signal: AbortSignal,
): Promise<HeldOut | undefined> {
  const { heldOut, dim, entropy, logDensity } = dataset;
  const rows = heldOut.length / dim;
  if (rows === 0) return undefined;
  const logp = await flow.logProb(heldOut, { signal });
  const mean = logp.reduce((sum, value) => sum + value, 0) / rows;
  const squares = logp.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const known = logDensity && klFromData(dataset, logp);
  return {
    nll: -mean,
    standardError: Math.sqrt(squares / rows / Math.max(1, rows - 1)),
    ...(known && { floor: entropy, kl: known.nats, klStandardError: known.standardError }),
  };
}

/** density.png; returns the mass inside its window. */
export async function writeDensity(
  folder: string,
  flow: Flow,
  grid: number,
  window: Window2d,
  signal: AbortSignal,
): Promise<number> {
  const logp = await flow.logProb(gridPoints(grid, window), { signal });
  writeWhole(join(folder, "density.png"), heatMap(logp, grid));
  return massInWindow(logp, grid, window);
}

/** samples.csv, n rows. @param columns the data's own names, where they fit */
export async function writeSamples(
  folder: string,
  flow: Flow,
  n: number,
  columns: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const points = await flow.sample(n, { signal });
  const header = columns.length === flow.dim ? columns : columnNames(flow.dim);
  writeWhole(join(folder, "samples.csv"), pointsCsv(points, header));
}

/** metrics.json. Numbers that are not finite become null, which is all that JSON has for them. */
export function writeMetrics(folder: string, metrics: object): void {
  writeWhole(join(folder, "metrics.json"), `${JSON.stringify(metrics, undefined, 2)}\n`);
}
