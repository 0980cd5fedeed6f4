/** `sample MODEL`: points drawn from a trained flow. */
import { loadFlow } from "../../cnf/model-file.js";
import { writeNpy } from "../../io/npy.js";
import type { Command } from "./command.js";
import { readBytes, writeOutput } from "./files.js";
import { openCommandDevice } from "./open.js";
import { columnNames, formatOf, pointsCsv } from "./tables.js";

export const sampleCommand: Command = {
  name: "sample",
  words: "MODEL",
  about: "draw points from a trained model",
  options: [
    { name: "number", short: "n", value: "N", about: "how many (1000)" },
    { name: "seed", value: "N", about: "the points are a function of it (0)" },
    { name: "out", value: "FILE", about: "file.csv, file.npy, or - for CSV on standard output (-)" },
  ],
  async run(args) {
    const [model] = args.words("MODEL");
    const out = args.text("out") ?? "-";
    const format = out === "-" ? "csv" : formatOf(out, ["csv", "npy"]);
    const bytes = readBytes(model!);
    const { device } = await openCommandDevice();
    const flow = await loadFlow(device, bytes);
    const points = await flow.sample(args.number("number") ?? 1000, { seed: args.number("seed") });
    const { dim } = flow;
    await writeOutput(
      out,
      format === "npy" ? writeNpy([points.length / dim, dim], points) : pointsCsv(points, columnNames(dim)),
    );
    return 0;
  },
};
