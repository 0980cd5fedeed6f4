/** The training worker: owns the device, or computes itself where there is none, and runs one session at a time. */
import type { Device } from "fjordgpu";
import { Display } from "../shared/display.js";
import { SessionWorker } from "../shared/session-worker.js";
import { postEvent } from "../shared/worker-scope.js";
import type { CpuDisplay, CpuSession } from "./cpu/index.js";
import type { Command, Event } from "./protocol.js";
import type { Look } from "./protocol-view.js";
import type { Scene } from "./scene.js";
import { Session } from "./session.js";
import { defineOwn } from "./sets.js";

/**
 * Milliseconds that the kernels of the first solve get: drivers compile one after the other, so what draws is to be
 * compiled while that solve runs. A device that is faster begins to draw by itself.
 */
const HEAD_START = 800;

const worker = new SessionWorker<Session | CpuSession>();
let display: Display<Scene, Look> | undefined;
/** In place of a device. */
let cpu: { readonly Session: typeof CpuSession; readonly display: CpuDisplay } | undefined;

function showOn(device: Device, { canvas, direct }: Extract<Command, { type: "open" }>): void {
  // In headless Chromium an emulated GPU goes away, and the device with it, when it is to draw on a canvas.
  const plate = device.adapter.isSoftware && !direct ? undefined : canvas;
  const create = async (on: Device) => (await import("./painting.js")).Painting.create(on);
  display = new Display(device, plate, create, postEvent, worker.fail);
}

/** @param reason why there is no WebGPU */
async function openCpu(run: number, reason: string): Promise<void> {
  const { CpuDisplay, CpuSession } = await import("./cpu/index.js");
  cpu = { Session: CpuSession, display: new CpuDisplay(postEvent, worker.fail) };
  const opened = {
    type: "opened",
    adapter: "CPU, float64",
    isSoftware: true,
    withoutWebGpu: reason,
  } as const;
  postEvent<Event>(run, opened);
}

function configure(run: number, command: Extract<Command, { type: "configure" }>): void {
  const { config, layers, own, beginning, pace } = command;
  const post = (event: Event, transfer?: Transferable[]) => {
    postEvent(run, event, transfer);
    if (event.type === "ready") setTimeout(() => display?.prepare(), HEAD_START);
  };
  const before = () => defineOwn(own);
  if (cpu) {
    const { Session, display } = cpu;
    const session = new Session(config, layers, post, (scene) => display.show(run, scene), beginning, pace);
    worker.replace(run, session, before);
    return;
  }
  worker.begin(
    run,
    (device) =>
      new Session(device, config, layers, post, (scene) => display?.show(run, scene), beginning, pace),
    before,
  );
}

worker.listen<Command>((command) => {
  const { session } = worker;
  switch (command.type) {
    case "open":
      worker.open(
        command.run,
        (device) => showOn(device, command),
        command.cpu ? (reason) => openCpu(command.run, reason) : undefined,
      );
      break;
    case "configure":
      configure(command.run, command);
      break;
    case "start":
      session?.start();
      break;
    case "extend":
      session?.extend(command.steps);
      break;
    case "pause":
      session?.pause();
      break;
    case "save":
    case "draw":
      // Without a flow there is nothing to give; a lost device has been reported already.
      session?.give(command).catch(() => undefined);
      break;
    case "single":
      session?.start(true);
      break;
    case "rewind":
      session?.rewind(command.slower);
      break;
    case "slow":
      if (session instanceof Session) session.slow();
      break;
    case "pace":
      if (session) session.pace = command.steps;
      break;
    case "inspect":
    case "ring":
      session?.ask(command);
      break;
    case "look":
      if (session instanceof Session) session.moved(command.look.progress);
      (cpu?.display ?? display)?.look(command.run, command.look);
      break;
    case "read-back":
      display?.readBack();
      break;
    case "layers":
      if (session) session.layers = command.layers;
  }
});
