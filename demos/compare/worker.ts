/** The worker of the comparison: owns the one device, and trains one pair at a time. */
import { type Device, openDevice } from "fjordgpu";
import { defineOwn } from "../density/sets.js";
import { adapterName } from "../shared/adapter.js";
import { failureOf } from "../shared/failure.js";
import { onCommand, postEvent } from "../shared/worker-scope.js";
import { Duel } from "./duel.js";
import type { Command, Event } from "./protocol.js";

let device: Device | undefined;
let duel: Duel | undefined;
/** The work of the pair before; a new one begins when it has freed its memory. */
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

function configure(run: number, { pair, layers, own }: Extract<Command, { type: "configure" }>): void {
  duel?.stop();
  if (!device) return;
  const next = new Duel(device, pair, layers, (event, transfer) => postEvent(run, event, transfer));
  duel = next;
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
      open(command.run).catch((error: unknown) => fail(command.run, error));
      break;
    case "configure":
      configure(command.run, command);
      break;
    case "start":
      duel?.start();
      break;
    case "single":
      duel?.single();
      break;
    case "pause":
      duel?.pause();
      break;
    case "layers":
      if (duel) duel.layers = command.layers;
  }
});
