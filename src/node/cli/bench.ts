/** `bench`: how fast this engine is here, as a table to read and send, and as JSON. */
import { bench, defaultWorkloads, WORKLOADS, type WorkloadName } from "../../bench/ours.js";
import { ownTable, WHERE_TO_SEND } from "../../bench/own-table.js";
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
    {
      name: "only",
      value: "LIST",
      about: `of ${WORKLOADS.join(",")} (all; on a software adapter without W4, which takes minutes there)`,
    },
    { name: "repeats", value: "N", about: "repeats of everything that takes less than 5 s (7)" },
    { name: "out", value: "FILE", about: "the numbers as JSON" },
  ],
  async run(args) {
    args.words();
    const named = args.text("only")?.split(",");
    const asked = named?.map((name) => oneOf<WorkloadName>("--only", name, WORKLOADS));
    const repeats = integerIn("--repeats", args.number("repeats") ?? 7, 1, 1000);
    const out = args.text("out");
    const { device } = await openCommandDevice();
    const only = asked ?? defaultWorkloads(device.adapter);
    if (!asked && device.adapter.isSoftware) {
      say(
        `A software adapter: ${only.join(",")}, which take minutes. --only W0,W1 is shorter; W4 only by name.`,
      );
    }
    const report = await bench(device, { only, repeats, host: `Node ${process.versions.node}`, say });
    if (out !== undefined) writeWhole(out, `${JSON.stringify(report, null, 2)}\n`);
    await writeOutput("-", `${ownTable(report)}\n`);
    say(WHERE_TO_SEND);
    return Object.keys(report.failures).length > 0 ? 1 : 0;
  },
};
