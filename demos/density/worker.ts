/** The training worker: owns the device, and runs one session at a time. */
import { type Device, openDevice } from "fjordgpu";
import { adapterName } from "../shared/adapter.js";
import { failureOf } from "../shared/failure.js";
import { onCommand, postEvent } from "../shared/worker-scope.js";
import { Display } from "./display.js";
import type { Command, Event } from "./protocol.js";
import { Session } from "./session.js";
import { defineOwn } from "./sets.js";

let device: Device | undefined;
let display: Display | undefined;
let session: Session | undefined;
/** The work of the session before; a new one begins when it has freed its memory. */
let busy: Promise<void> = Promise.resolve();
/** The newest run that the page has asked for. */
let current = 0;

function fail(run: number, error: unknown): void {
  postEvent<Event>(run, { type: "failed", failure: failureOf(error) });
}

async function open(run: number, { canvas, direct }: Extract<Command, { type: "open" }>): Promise<void> {
  device = await openDevice({ onLost: (error) => fail(current, error) });
  const { adapter } = device;
  const { isSoftware } = adapter;
  // In headless Chromium an emulated GPU goes away, and the device with it, when it is to draw on a canvas.
  const plate = isSoftware && !direct ? undefined : canvas;
  display = new Display(device, plate, postEvent, fail);
  postEvent<Event>(run, { type: "opened", adapter: adapterName(adapter), isSoftware });
}

function configure(run: number, command: Extract<Command, { type: "configure" }>): void {
  session?.stop();
  if (!device || !display) return;
  const { config, layers, own, beginning, pace } = command;
  const post = (event: Event, transfer?: Transferable[]) => postEvent(run, event, transfer);
  const on = display;
  const next = new Session(device, config, layers, post, (scene) => on.show(run, scene), beginning, pace);
  session = next;
  busy = busy
    .then(() => {
      defineOwn(own);
      return next.run();
    })
    .catch((error: unknown) => fail(run, error));
}

onCommand<Command>((command) => {
  current = command.run;
  switch (command.type) {
    case "open":
      open(command.run, command).catch((error: unknown) => fail(command.run, error));
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
      session?.rewind();
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
