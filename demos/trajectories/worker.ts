/** The trajectories' worker: owns the device and the model, and carries points to noise and back. */
import { type Device, data, FjordError, openDevice, readModel } from "fjordgpu";
import { adapterTitle } from "../shared/adapter.js";
import { failureOf } from "../shared/failure.js";
import { onCommand, postEvent } from "../shared/worker-scope.js";
import { legOf, type Model } from "./legs.js";
import { type Carry, type Command, type Event, type Measured, TOLERANCES } from "./protocol.js";
import { roundTrip } from "./round-trip.js";

const CROWD = 500;

let device: Promise<Device> | undefined;
let model: Promise<Model> | undefined;
let crowdSent = false;
let busy: Promise<void> = Promise.resolve();
let current = 0;
let newest = new AbortController();

function fail(run: number, error: unknown): void {
  postEvent<Event>(run, { type: "failed", failure: failureOf(error) });
}

async function fetchModel(url: string): Promise<Model> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`The model could not be loaded: ${response.status} ${response.statusText}.`);
  const { field, params, T } = readModel(new Uint8Array(await response.arrayBuffer()));
  return { field, params: params!, T: T! };
}

/** The device; the CPU where there is no WebGPU, which the page is told. */
async function engineFor(run: number): Promise<Device | "cpu"> {
  device ??= openDevice({ onLost: (error) => fail(current, error) });
  try {
    return await device;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind !== "unavailable") throw error;
    postEvent<Event>(run, { type: "fallback", failure });
    return "cpu";
  }
}

async function carry(run: number, { url, points, method, tolerance }: Carry): Promise<void> {
  // Several requests may have come in meanwhile; only the newest is worth the work.
  if (run !== current) return;
  const { signal } = newest;
  model ??= fetchModel(url);
  model.catch(() => {
    model = undefined;
  });
  const [flow, engine] = await Promise.all([model, engineFor(run)]);
  const start = performance.now();
  const control = { method, tolerance, signal };
  const out = await legOf(engine, flow, { from: points, direction: "out", ...control }, "all");
  const back = await legOf(engine, flow, { from: out.end, direction: "back", ...control }, "all");
  const error = roundTrip(points, back.end);
  const adapter = engine === "cpu" ? undefined : adapterTitle(engine.adapter);
  const milliseconds = performance.now() - start;
  postEvent<Event>(run, { type: "carried", T: flow.T, out, back, error, adapter, milliseconds });
  if (!crowdSent) {
    const from = data.toy("moons").sample(CROWD, 0);
    const leg = { ...control, from, direction: "out", tolerance: 1e-4 } as const;
    const { frames } = await legOf(engine, flow, leg, "frames");
    // Not of one run: whatever has been dropped since, the crowd around it is the same.
    crowdSent = true;
    postEvent<Event>(current, { type: "crowd", frames });
  }
  const rows: Measured["rows"][number][] = [];
  for (const each of TOLERANCES) {
    if (each === tolerance) {
      rows.push({ tolerance, ...error, nfe: out.nfe + back.nfe });
      continue;
    }
    const leg = { ...control, tolerance: each };
    const there = await legOf(engine, flow, { ...leg, from: points, direction: "out" });
    const home = await legOf(engine, flow, { ...leg, from: there.end, direction: "back" });
    rows.push({ tolerance: each, ...roundTrip(points, home.end), nfe: there.nfe + home.nfe });
  }
  postEvent<Event>(run, { type: "measured", rows });
}

onCommand<Command>((command) => {
  current = command.run;
  newest.abort();
  newest = new AbortController();
  if (command.type === "rest") return;
  busy = busy
    .then(() => carry(command.run, command))
    .catch((error: unknown) => {
      if (error instanceof FjordError && error.code === "aborted") return;
      fail(command.run, error);
    });
});
