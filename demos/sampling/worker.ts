/** The sampling worker: owns the device and one model, carries noise to data, and judges the samples. */
import { type Device, data, type Flow, loadFlow, ops } from "fjordgpu";
import { Display } from "../shared/display.js";
import { unlessPutOff } from "../shared/rest.js";
import { SessionWorker, type WorkerSession } from "../shared/session-worker.js";
import { postEvent } from "../shared/worker-scope.js";
import { Cloud } from "./cloud.js";
import { Judge, MOST } from "./judge.js";
import type { Particles } from "./particles.js";
import { type Carry, type Command, type Event, type Look, SEEN } from "./protocol.js";

/** Milliseconds that points may take while a slider is dragged. */
const LIVELY = 80;

const worker = new SessionWorker<WorkerSession>();
const judge = new Judge();
let display: Display<Particles, Look> | undefined;
let model: { readonly url: string; readonly flow: Flow } | undefined;
let cloud: Cloud | undefined;
let shown: Particles | undefined;
/** Points that the device carries in a millisecond, as last measured. */
let pace = 0;
/** Of several requests that come meanwhile only the newest is worth the work. */
let wish: (Carry & { readonly run: number }) | undefined;
let isBusy = false;
/** Ends what is being done for a request at rest; one of a dragged slider is short, and comes to its end. */
let stop: AbortController | undefined;

async function load(device: Device, url: string): Promise<Flow> {
  if (model?.url === url) return model.flow;
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`The model could not be loaded: ${response.status} ${response.statusText}.`);
  const flow = await loadFlow(device, await response.arrayBuffer());
  model?.flow.dispose();
  model = { url, flow };
  return flow;
}

/** Noise of this seed, with enough points for the judge. */
async function noiseFor(flow: Flow, { count, seed }: Carry): Promise<Cloud> {
  const rows = Math.max(count, MOST);
  if (cloud?.seed === seed && cloud.rows >= rows) return cloud;
  const made = await Cloud.create(flow, rows, seed);
  cloud?.dispose();
  cloud = made;
  return made;
}

async function carry(run: number, command: Carry, signal: AbortSignal): Promise<void> {
  const { id, model: name, url, temperature, dragged } = command;
  const device = worker.device!;
  const flow = await load(device, url);
  const noise = await noiseFor(flow, command);
  const count = dragged ? Math.min(command.count, Math.max(SEEN, Math.floor(LIVELY * pace))) : command.count;
  const start = performance.now();
  const particles = await noise.carry(flow, data.toy(name).window, count, temperature, signal);
  const milliseconds = performance.now() - start;
  const nfe = flow.lastStats?.nfe ?? 0;
  pace = count / milliseconds;
  display?.show(run, particles);
  shown?.dispose();
  shown = particles;
  const { seen } = particles;
  const T = await flow.T();
  postEvent<Event>(run, { type: "carried", id, T, count, dragged, seen, nfe, milliseconds });
  const samples = await samplesFor(flow, noise, particles, temperature, dragged, signal);
  const judged = await judge.judge(name, samples, signal);
  if (judged) postEvent<Event>(run, { type: "measured", id, ...judged });
}

/** The ends of the points' ways; at rest of as many points as the judge takes. */
async function samplesFor(
  flow: Flow,
  noise: Cloud,
  { seen, frames, count }: Particles,
  temperature: number,
  dragged: boolean,
  signal: AbortSignal,
): Promise<Float32Array> {
  if (dragged) return seen.subarray(-2 * Math.min(count, SEEN));
  if (count < MOST) return noise.samples(flow, MOST, temperature, signal);
  const first = await ops.slice(frames.at(-1)!, [0, 0], [MOST, 2]);
  const samples = await first.data();
  first.dispose();
  return samples;
}

async function work(): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  while (wish) {
    const { run, ...command } = wish;
    wish = undefined;
    const control = new AbortController();
    stop = command.dragged ? undefined : control;
    await unlessPutOff(() => carry(run, command, control.signal)).catch((error: unknown) =>
      worker.fail(run, error),
    );
  }
  isBusy = false;
}

function showOn(device: Device, { canvas, direct }: Extract<Command, { type: "open" }>): void {
  // In headless Chromium an emulated GPU goes away, and the device with it, when it is to draw on a canvas.
  const plate = device.adapter.isSoftware && !direct ? undefined : canvas;
  const create = async (on: Device) => (await import("./painting.js")).Painting.create(on);
  display = new Display(device, plate, create, postEvent, worker.fail);
}

worker.listen<Command>((command) => {
  switch (command.type) {
    case "open":
      worker.open(command.run, (device) => showOn(device, command));
      break;
    case "carry":
      wish = command;
      stop?.abort();
      void work();
      break;
    case "look":
      display?.look(command.run, command.look);
      break;
    case "read-back":
      display?.readBack();
  }
});
