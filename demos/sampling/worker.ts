/** The sampling worker: owns the device and one model, and carries noise to data. */
import { type Device, type Flow, loadFlow, openDevice, ops } from "fjordgpu";
import { adapterName } from "../shared/adapter.js";
import { failureOf } from "../shared/failure.js";
import { onCommand, postEvent } from "../shared/worker-scope.js";
import { type Carry, type Command, type Event, FRAMES } from "./protocol.js";

let device: Promise<Device> | undefined;
let model: { readonly url: string; readonly flow: Flow } | undefined;
let busy: Promise<void> = Promise.resolve();
let current = 0;

function fail(run: number, error: unknown): void {
  postEvent<Event>(run, { type: "failed", failure: failureOf(error) });
}

async function load(url: string): Promise<Flow> {
  device ??= openDevice({ onLost: (error) => fail(current, error) });
  const opened = await device;
  if (model?.url === url) return model.flow;
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`The model could not be loaded: ${response.status} ${response.statusText}.`);
  const flow = await loadFlow(opened, await response.arrayBuffer());
  model?.flow.dispose();
  model = { url, flow };
  return flow;
}

async function carry(run: number, { url, count, seed }: Carry): Promise<void> {
  // Several requests may have come in meanwhile; only the newest is worth the work.
  if (run !== current) return;
  const flow = await load(url);
  const start = performance.now();
  const T = await flow.T();
  const times = Array.from({ length: FRAMES }, (_, i) => T * (1 - i / (FRAMES - 1)));
  const noise = await ops.randomNormal(flow.device, [count, 2], { seed });
  const points = await noise.data();
  noise.dispose();
  const frames = await flow.trajectory(points, times);
  const { adapter } = flow.device;
  const event: Event = {
    type: "carried",
    T,
    count,
    frames,
    adapter: adapterName(adapter),
    isSoftware: adapter.isSoftware,
    nfe: flow.lastStats?.nfe ?? 0,
    milliseconds: performance.now() - start,
  };
  postEvent(run, event, [...new Set(frames.map(({ buffer }) => buffer))]);
}

onCommand<Command>((command) => {
  current = command.run;
  busy = busy.then(() => carry(command.run, command)).catch((error: unknown) => fail(command.run, error));
});
