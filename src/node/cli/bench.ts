/** `bench`: how fast this engine is here, as a table to read and as JSON to send. */
import { benchOurs, OWN_WORKLOADS, type OwnWorkload } from "../../bench/ours.js";
import { benchTable } from "../../bench/table.js";
import { integerIn, oneOf } from "../../gpu/errors.js";
import type { Command } from "./command.js";
import { writeOutput, writeWhole } from "./files.js";
import { openCommandDevice } from "./open.js";
import { say } from "./progress.js";

export const benchCommand: Command = {
  name: "bench",
  words: "",
  about: "times training steps, densities, samples and products on this adapter",
  options: [
    { name: "only", value: "LIST", about: `of ${OWN_WORKLOADS.join(",")} (all)` },
    { name: "repeats", value: "N", about: "repeats of everything that takes less than 5 s (7)" },
    { name: "out", value: "FILE", about: "the numbers as JSON" },
  ],
  async run(args) {
    args.words();
    const named = args.text("only")?.split(",") ?? OWN_WORKLOADS;
    const only = named.map((name) => oneOf<OwnWorkload>("--only", name, OWN_WORKLOADS));
    const repeats = integerIn("--repeats", args.number("repeats") ?? 7, 1, 1000);
    const out = args.text("out");
    const { device } = await openCommandDevice();
    const report = await benchOurs(device, { only, repeats, host: `Node ${process.versions.node}`, say });
    if (out !== undefined) writeWhole(out, `${JSON.stringify(report, null, 2)}\n`);
    await writeOutput("-", `${benchTable(report)}\n`);
    return 0;
  },
};
