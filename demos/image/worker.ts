/** The training worker: owns the device, and runs one session at a time. */
import { SessionWorker } from "../shared/session-worker.js";
import { postEvent } from "../shared/worker-scope.js";
import type { Command, Event } from "./protocol.js";
import { Session } from "./session.js";

const worker = new SessionWorker<Session>();
let visible = true;

function configure(run: number, { config, density }: Extract<Command, { type: "configure" }>): void {
  worker.begin(run, (device) => {
    const post = (event: Event, transfer?: Transferable[]) => postEvent(run, event, transfer);
    const session = new Session(device, config, density, post);
    session.visible = visible;
    return session;
  });
}

worker.listen<Command>((command) => {
  const { session } = worker;
  switch (command.type) {
    case "open":
      worker.open(command.run);
      break;
    case "configure":
      configure(command.run, command);
      break;
    case "rest":
      session?.stop();
      worker.session = undefined;
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
