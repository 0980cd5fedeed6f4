/** The worker of the comparison: owns the one device, and trains one pair at a time. */
import { defineOwn } from "../density/sets.js";
import { SessionWorker } from "../shared/session-worker.js";
import { postEvent } from "../shared/worker-scope.js";
import { Duel } from "./duel.js";
import type { Command, Event } from "./protocol.js";

const worker = new SessionWorker<Duel>();

function configure(run: number, { pair, layers, own }: Extract<Command, { type: "configure" }>): void {
  const post = (event: Event, transfer?: Transferable[]) => postEvent(run, event, transfer);
  worker.begin(
    run,
    (device) => new Duel(device, pair, layers, post),
    () => defineOwn(own),
  );
}

worker.listen<Command>((command) => {
  const { session: duel } = worker;
  switch (command.type) {
    case "open":
      worker.open(command.run);
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
