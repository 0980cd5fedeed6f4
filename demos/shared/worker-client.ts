/**
 * Talking to a worker: typed messages that carry the number of the run they belong to. Beginning a run makes
 * everything that older runs still send stale; it is dropped here and never reaches the page.
 */
export type Numbered<M> = M & { readonly run: number };

export interface WorkerClientOptions<Event> {
  /** Makes the worker; called again after restart(). */
  readonly create: () => Worker;
  readonly onEvent: (event: Event) => void;
  /** The worker's script could not be loaded, or it threw. */
  readonly onCrash: (message: string) => void;
}

export class WorkerClient<Command extends { type: string }, Event extends { type: string }> {
  #worker: Worker;
  #run = 0;

  constructor(readonly options: WorkerClientOptions<Event>) {
    this.#worker = this.#start();
  }

  /** Sends a command that begins a new run. */
  begin(command: Command, transfer: Transferable[] = []): void {
    this.#run += 1;
    this.send(command, transfer);
  }

  /** Sends a command to the current run. */
  send(command: Command, transfer: Transferable[] = []): void {
    const message: Numbered<Command> = { ...command, run: this.#run };
    this.#worker.postMessage(message, transfer);
  }

  /** Ends the worker with everything it owns and starts a fresh one. */
  restart(): void {
    this.#worker.terminate();
    this.#run += 1;
    this.#worker = this.#start();
  }

  /** Ends the worker for good. */
  end(): void {
    this.#worker.terminate();
    this.#run += 1;
  }

  #start(): Worker {
    const worker = this.options.create();
    worker.addEventListener("message", ({ data }: MessageEvent<Numbered<Event>>) => {
      if (data.run === this.#run) this.options.onEvent(data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (worker === this.#worker) this.options.onCrash(event.message || "The worker could not be loaded.");
    });
    return worker;
  }
}
