/** The options of `npm run bench`. */
import { parseArgs } from "node:util";

const WORKLOADS = ["W0", "W1", "W1a", "W2", "W3", "W4", "M", "T", "S"];
const ADAPTERS = ["swiftshader", "default"];

const HELP = `npm run bench -- [options]
  --only LIST      of ${WORKLOADS.join(",")} (all)
  --adapter NAME   ${ADAPTERS.join(" or ")}: Chromium's software adapter, or what the browser takes itself (${ADAPTERS[0]})
  --peers TEXT     only peers whose names hold it, e.g. "webgpu, by hand" (all)
  --repeats N      repeats of calls up to 5 s (7)
  --out FILE       the numbers as JSON; without --smoke they are also in bench-results/latest.json
  --smoke          W0 with two steps: seconds`;

/** What the command line asks for. @throws an Error with the code "usage" */
export function readArguments(args) {
  const usage = (message) => Object.assign(new Error(`${message}\n${HELP}`), { code: "usage" });
  const options = {
    only: { type: "string", default: WORKLOADS.join(",") },
    adapter: { type: "string", default: ADAPTERS[0] },
    peers: { type: "string", default: "" },
    repeats: { type: "string", default: "7" },
    out: { type: "string" },
    smoke: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  };
  let values;
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw usage(error.message);
  }
  if (values.help) throw usage("Times this engine and its peers in headless Chromium.");
  const only = values.smoke ? ["W0"] : values.only.split(",");
  const unknown = only.find((name) => !WORKLOADS.includes(name));
  if (unknown !== undefined) throw usage(`There is no workload "${unknown}".`);
  if (!ADAPTERS.includes(values.adapter)) throw usage(`There is no adapter "${values.adapter}".`);
  const repeats = Number(values.repeats);
  if (!Number.isInteger(repeats) || repeats < 1) throw usage(`--repeats is "${values.repeats}".`);
  const { adapter, out, peers, smoke } = values;
  return { only, adapter, repeats, out, peers, smoke };
}

/** Chromium's switches for an adapter: "default" leaves the choice to the browser. */
export function browserArguments(adapter, args) {
  return adapter === "default" ? args.filter((arg) => !arg.startsWith("--use-webgpu-adapter")) : args;
}
