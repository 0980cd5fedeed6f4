/** The worker of the trace estimators: owns the device and the flow, and draws probes. */
import { type Device, type Flow, openDevice } from "fjordgpu";
import { adapterTitle } from "../shared/adapter.js";
import { failureOf } from "../shared/failure.js";
import { cellCentres } from "../shared/grid.js";
import { onCommand, postEvent } from "../shared/worker-scope.js";
import { drawSingles, exactTrace, measureSpread, SINGLES, type Site } from "./examine.js";
import { Fields, pointAt } from "./fields.js";
import { follow } from "./follow.js";
import {
  type Command,
  type Event,
  type Examine,
  INDEPENDENT,
  MOST_PROBES,
  type Pictured,
  STOPS,
  WINDOW,
} from "./protocol.js";

/** Cells along a side of the picture. */
const SIZE = { software: 40, hardware: 96 } as const;

let device: Promise<Device> | undefined;
let fields: Fields | undefined;
/** The density that was computed last. */
let seen: { readonly key: string; readonly logDensity: Float32Array } | undefined;
let busy: Promise<void> = Promise.resolve();
let current = 0;
/** The newest wish of each kind; an older one is no longer worth its work. */
let wanted: Partial<Record<Command["type"], Command>> = {};

function fail(run: number, error: unknown): void {
  postEvent<Event>(run, { type: "failed", failure: failureOf(error) });
}

async function openFields(): Promise<Fields> {
  device ??= openDevice({ onLost: (error) => fail(current, error) });
  const opened = await device;
  fields ??= new Fields(opened);
  return fields;
}

async function examine(run: number, command: Examine): Promise<void> {
  const stale = () => wanted.examine !== command;
  const known = await openFields();
  const flow = await known.flow(command);
  const [z] = await pointAt(flow, command, [command.t]);
  const site: Site = { flow, params: await flow.params(), t: command.t, z: z! };
  const adapter = adapterTitle(known.device.adapter);
  postEvent<Event>(run, { type: "examined", ...(await exactTrace(site)), z: z!, adapter });
  if (flow.dim === 2) {
    const pictured = await picture(flow, command);
    if (stale()) return;
    postEvent<Event>(run, pictured);
  }
  for (let turn = 0; turn * SINGLES < MOST_PROBES; turn++) {
    for (const distribution of INDEPENDENT) {
      const estimates = await drawSingles(site, distribution, turn);
      if (stale()) return;
      postEvent<Event>(run, { type: "drawn", distribution, estimates });
    }
  }
  const spreads = [];
  for (const distribution of [...INDEPENDENT, "orthogonal"] as const) {
    spreads.push(await measureSpread(site, distribution));
    if (stale()) return;
  }
  postEvent<Event>(run, { type: "scattered", spreads });
}

async function picture(flow: Flow, command: Examine): Promise<Pictured> {
  const { dim, field, t } = command;
  const size = SIZE[flow.device.adapter.isSoftware ? "software" : "hardware"];
  // A point that was chosen changes nothing of the density.
  const key = `${field} ${dim} ${t}`;
  if (seen?.key !== key) {
    seen = { key, logDensity: await flow.logProb(cellCentres(size, WINDOW), { at: t }) };
  }
  const T = await flow.T();
  const times = Array.from({ length: STOPS }, (_, i) => (i / (STOPS - 1)) * T);
  const path = Float32Array.from((await pointAt(flow, command, times)).flatMap((z) => [...z]));
  return { type: "pictured", t, size, logDensity: seen.logDensity, path };
}

async function answer(run: number, command: Command): Promise<void> {
  if (wanted[command.type] !== command) return;
  if (command.type === "examine") return examine(run, command);
  const flow = await (await openFields()).flow(command);
  const followed = await follow(flow, command, () => wanted.follow === command);
  if (followed) postEvent<Event>(run, followed);
}

onCommand<Command>((command) => {
  const { run } = command;
  // What an older run wanted is stale altogether: its answers would be dropped by the page.
  if (run !== current) wanted = {};
  current = run;
  wanted[command.type] = command;
  busy = busy.then(() => answer(run, command)).catch((error: unknown) => fail(run, error));
});
