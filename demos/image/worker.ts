/** The training worker: owns the device, and runs one session at a time. */
import { type Device, openDevice } from "fjordgpu";
import { adapterName } from "../shared/adapter.js";
import { failureOf } from "../shared/failure.js";
import { onCommand, postEvent } from "../shared/worker-scope.js";
import type { Command, Event } from "./protocol.js";
import { Session } from "./session.js";

let device: Device | undefined;
let session: Session | undefined;
let visible = true;
/** The work of the session before; a new one begins when it has freed its memory. */
let busy: Promise<void> = Promise.resolve();
/** The newest run that the page has asked for. */
let current = 0;

function fail(run: number, error: unknown): void {
  postEvent<Event>(run, { type: "failed", failure: failureOf(error) });
}

async function open(run: number): Promise<void> {
  device = await openDevice({ onLost: (error) => fail(current, error) });
  const { adapter } = device;
  postEvent<Event>(run, { type: "opened", adapter: adapterName(adapter), isSoftware: adapter.isSoftware });
}

function configure(run: number, { config, density }: Extract<Command, { type: "configure" }>): void {
  session?.stop();
  if (!device) return;
  const next = new Session(device, config, density, (event, transfer) => postEvent(run, event, transfer));
  next.visible = visible;
  session = next;
  busy = busy.then(() => next.run()).catch((error: unknown) => fail(run, error));
}

onCommand<Command>((command) => {
  current = command.run;
  switch (command.type) {
    case "open":
      open(command.run).catch((error: unknown) => fail(command.run, error));
      break;
    case "configure":
      configure(command.run, command);
      break;
    case "rest":
      session?.stop();
      session = undefined;
      break;
    case "start":
      session?.start();
      break;
    case "pause":
      session?.pause();
      break;
    case "draw":
      // Without a flow there is nothing to give; a lost device has been reported already.
      session?.give(command.count).catch(() => undefined);
      break;
    case "visible":
      visible = command.visible;
      if (session) session.visible = visible;
  }
});
