/** `density MODEL`: log p on a grid or at given points. */
import type { Flow } from "../../cnf/flow.js";
import { loadFlow } from "../../cnf/model-file.js";
import { ArgumentError, integerIn } from "../../gpu/errors.js";
import { writeNpy } from "../../io/npy.js";
import { type Arguments, UsageError } from "./arguments.js";
import type { Command } from "./command.js";
import { readCsvPoints } from "./csv-points.js";
import { readBytes, writeOutput } from "./files.js";
import { gridPoints, heatMap, massInWindow, type Window2d, window2d } from "./heat-map.js";
import { openCommandDevice } from "./open.js";
import { say } from "./progress.js";
import { columnNames, densityCsv, formatOf } from "./tables.js";

/** Cells along each side of a picture; 200² densities take seconds even on a software adapter. */
export const DEFAULT_GRID = 200;
const MOST_GRID = 4096;
/** Half the side of the window around the data's mean, in standard deviations. */
const WINDOW_DEVIATIONS = 3.5;

export const densityCommand: Command = {
  name: "density",
  words: "MODEL",
  about: "log p in nats on a grid, or at the points of a file",
  options: [
    { name: "grid", value: "N", about: `cells along each side, D = 2 only (${DEFAULT_GRID})` },
    {
      name: "window",
      value: "L,R,B,T",
      about: "x from L to R, y from B to T (3.5 deviations about the mean)",
    },
    { name: "points", value: "FILE", about: "instead of a grid: a CSV file, one point a row, any D" },
    { name: "columns", value: "LIST", about: "its columns, by name or number from 1, e.g. 2,3 (all)" },
    {
      name: "out",
      value: "FILE",
      about:
        "file.png (exp log p), file.csv, file.npy (row 0 is the lowest y), or - for CSV (with --points: -)",
    },
  ],
  async run(args) {
    const [model] = args.words("MODEL");
    const onPoints = args.has("points");
    const clash = (onPoints ? ["grid", "window"] : ["columns"]).find((name) => args.has(name));
    if (clash)
      throw new UsageError(`Option --${clash} goes ${onPoints ? "with a grid" : "with --points"} only.`);
    const out = args.text("out") ?? (onPoints ? "-" : undefined);
    if (out === undefined) throw new UsageError("A grid needs --out: file.png, file.csv, file.npy or -.");
    const bytes = readBytes(model!);
    await (onPoints ? atPoints(args, bytes, out) : onGrid(args, bytes, out));
    return 0;
  },
};

async function atPoints(args: Arguments, model: Uint8Array, out: string): Promise<void> {
  const format = out === "-" ? "csv" : formatOf(out, ["csv", "npy"]);
  const file = args.text("points")!;
  const { points, columns } = readCsvPoints(file, args.text("columns"));
  const { device } = await openCommandDevice();
  const flow = await loadFlow(device, model);
  if (columns.length !== flow.dim) {
    throw new ArgumentError(
      `${file} gives ${columns.length} columns, and the model has D = ${flow.dim}.`,
      `Choose ${flow.dim} of them with --columns.`,
    );
  }
  const rounded = Float32Array.from(points);
  const logp = await flow.logProb(rounded);
  await writeOutput(
    out,
    format === "npy" ? writeNpy([logp.length], logp) : densityCsv(rounded, logp, columns),
  );
}

async function onGrid(args: Arguments, model: Uint8Array, out: string): Promise<void> {
  const format = out === "-" ? "csv" : formatOf(out, ["png", "csv", "npy"]);
  const n = integerIn("--grid", args.number("grid") ?? DEFAULT_GRID, 1, MOST_GRID);
  const asked = args.numbers("window", ",");
  const window = asked && window2d(asked);
  const { device } = await openCommandDevice();
  const flow = await loadFlow(device, model);
  if (flow.dim !== 2) {
    throw new ArgumentError(`The model has D = ${flow.dim}, and a grid needs 2.`, "Use --points.");
  }
  const seen = window ?? windowOf(flow);
  const points = gridPoints(n, seen);
  const logp = await flow.logProb(points);
  say(`mass inside the window: ${massInWindow(logp, n, seen).toFixed(4)}`);
  const content = {
    png: () => heatMap(logp, n),
    csv: () => densityCsv(points, logp, columnNames(2)),
    npy: () => writeNpy([n, n], logp),
  }[format]();
  await writeOutput(out, content);
}

/** Around the data the model was standardised to, else FFJORD's window [−4, 4]². */
function windowOf({ standardisation }: Flow): Window2d {
  const range = (axis: number): [number, number] => {
    const mean = standardisation?.mean[axis] ?? 0;
    const half = standardisation ? WINDOW_DEVIATIONS * standardisation.std[axis]! : 4;
    return [mean - half, mean + half];
  };
  return window2d([...range(0), ...range(1)]);
}
