/** The training worker: owns the device, and runs one session at a time. */
import type { Device } from "fjordgpu";
import { SessionWorker } from "../shared/session-worker.js";
import { postEvent } from "../shared/worker-scope.js";
import { Display } from "./display.js";
import type { Command, Event } from "./protocol.js";
import { Session } from "./session.js";
import { defineOwn } from "./sets.js";

const worker = new SessionWorker<Session>();
let display: Display | undefined;

function showOn(device: Device, { canvas, direct }: Extract<Command, { type: "open" }>): void {
  // In headless Chromium an emulated GPU goes away, and the device with it, when it is to draw on a canvas.
  const plate = device.adapter.isSoftware && !direct ? undefined : canvas;
  display = new Display(device, plate, postEvent, worker.fail);
}

function configure(run: number, command: Extract<Command, { type: "configure" }>): void {
  const { config, layers, own, beginning, pace } = command;
  const post = (event: Event, transfer?: Transferable[]) => postEvent(run, event, transfer);
  worker.begin(
    run,
    (device) =>
      new Session(device, config, layers, post, (scene) => display?.show(run, scene), beginning, pace),
    () => defineOwn(own),
  );
}

worker.listen<Command>((command) => {
  const { session } = worker;
  switch (command.type) {
    case "open":
      worker.open(command.run, (device) => showOn(device, command));
      break;
    case "configure":
      configure(command.run, command);
      break;
    case "start":
      session?.start();
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
      session?.single();
      break;
    case "rewind":
      session?.rewind(command.slower);
      break;
    case "slow":
      session?.slow();
      break;
    case "pace":
      if (session) session.pace = command.steps;
      break;
    case "inspect":
    case "ring":
      session?.ask(command);
      break;
    case "look":
      session?.moved(command.look.progress);
      display?.look(command.run, command.look);
      break;
    case "read-back":
      display?.readBack();
      break;
    case "layers":
      if (session) session.layers = command.layers;
  }
});
