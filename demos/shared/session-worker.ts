/** A worker that owns the device and runs one session at a time. */
import { type Device, openDevice } from "fjordgpu";
import { adapterName } from "./adapter.js";
import { failureOf } from "./failure.js";
import { onCommand, postEvent } from "./worker-scope.js";

export interface WorkerSession {
  /** Ends after stop(), when its GPU memory is free. */
  run(): Promise<void>;
  stop(): void;
}

/** Sends the events "opened" and "failed" of its own accord (see Opened and Failed of any such page's protocol). */
export class SessionWorker<S extends WorkerSession> {
  device: Device | undefined;
  session: S | undefined;
  /** The work of the session before; a new one begins when it has freed its memory. */
  #busy: Promise<void> = Promise.resolve();
  /** The newest run that the page has asked for. */
  #current = 0;

  /** Calls back for every command of the page. */
  listen<Command>(listener: (command: Command & { readonly run: number }) => void): void {
    onCommand<Command>((command) => {
      this.#current = command.run;
      listener(command);
    });
  }

  readonly fail = (run: number, error: unknown): void => {
    postEvent(run, { type: "failed", failure: failureOf(error) });
  };

  /**
   * @param opened what else there is to do before the page hears of the device
   * @param instead what to do where there is no WebGPU, and why there is none; else the page is told of it as a failure
   */
  open(run: number, opened?: (device: Device) => void, instead?: (reason: string) => Promise<void>): void {
    openDevice({ onLost: (error) => this.fail(this.#current, error) })
      .then((device) => {
        this.device = device;
        const { adapter } = device;
        opened?.(device);
        postEvent(run, { type: "opened", adapter: adapterName(adapter), isSoftware: adapter.isSoftware });
      })
      .catch((error: unknown) => {
        const { kind, message } = failureOf(error);
        if (!instead || kind !== "unavailable") throw error;
        return instead(message);
      })
      .catch((error: unknown) => this.fail(run, error));
  }

  /**
   * Stops the session before, and runs this one after it, if there is a device.
   * @param before what has to wait until the one before has ended
   */
  begin(run: number, make: (device: Device) => S, before?: () => void): void {
    if (this.device) this.replace(run, make(this.device), before);
  }

  /** Stops the session before, and runs this one after it. */
  replace(run: number, next: S, before?: () => void): void {
    this.session?.stop();
    this.session = next;
    this.#busy = this.#busy
      .then(() => {
        before?.();
        return next.run();
      })
      .catch((error: unknown) => this.fail(run, error));
  }
}
