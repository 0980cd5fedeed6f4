/**
 * One run of training, in the worker: it draws while it trains, and refines the picture while it is paused.
 * Everything on the GPU happens one after the other, in `run`; the other methods only leave notes for it.
 */
import { type Device, FjordError, type Flow, type TrainRun, train } from "fjordgpu";
import type { Config } from "./config.js";
import type { Beginning, Command, Event, Layers } from "./protocol.js";
import { datasetOf, flowOf, modelOf } from "./run.js";
import { setOf } from "./sets.js";

/** Cells along a side of the picture: while training, and as refinements when paused. */
const GRIDS = { software: [48, 128], hardware: [64, 128, 256] };
const SAMPLES = 1500;

export class Session {
  readonly #stop = new AbortController();
  /** Ends a refinement when something more urgent comes. */
  #interrupt = new AbortController();
  #wake: () => void = () => undefined;
  #paused = true;
  #step = 0;
  /** What the page has been sent, so that nothing is computed twice. */
  #sent = { densityStep: -1, size: 0, samplesStep: -1 };
  #nextDraw = 0;
  #layers: Layers;
  #flow: Flow | undefined;
  #training: TrainRun | undefined;

  constructor(
    readonly device: Device,
    readonly config: Config,
    layers: Layers,
    readonly post: (event: Event, transfer?: Transferable[]) => void,
    readonly beginning?: Beginning,
  ) {
    this.#layers = layers;
    this.#step = beginning?.step ?? 0;
  }

  get #grids(): readonly number[] {
    return this.device.adapter.isSoftware ? GRIDS.software : GRIDS.hardware;
  }

  set layers(layers: Layers) {
    this.#layers = layers;
    this.#changed();
  }

  start(): void {
    this.#paused = false;
    this.#changed();
  }

  pause(): void {
    this.#paused = true;
  }

  /** Makes `run` end soon; its GPU memory is then freed. */
  stop(): void {
    this.#stop.abort();
    this.#changed();
  }

  #changed(): void {
    this.#interrupt.abort();
    this.#wake();
  }

  /** Ends after stop(). @throws what the library throws, DeviceLostError among it */
  async run(): Promise<void> {
    const flow = flowOf(this.device, this.config, this.beginning);
    this.#flow = flow;
    try {
      this.post({ type: "ready", parameters: flow.field.paramCount });
      // Drawn even when training is to begin at once: its first kernels take a while to compile.
      await this.#drawWhileTraining(flow);
      await this.#idle(flow);
      if (this.#stop.signal.aborted) return;
      await this.#train(flow);
      if (this.#stop.signal.aborted) return;
      this.#paused = true;
      this.post({ type: "finished" });
      await this.#idle(flow);
    } finally {
      this.#flow = undefined;
      flow.dispose();
    }
  }

  /** What the page asks of the flow as it is; nothing while there is none. @throws what the library throws */
  async give(command: Extract<Command, { type: "save" | "draw" }>): Promise<void> {
    const flow = this.#flow;
    if (!flow) return;
    if (command.type === "draw") {
      const points = await flow.sample(command.count, {
        seed: this.config.seed + 2,
        signal: this.#stop.signal,
      });
      this.post({ type: "drawn", points }, [points.buffer]);
      return;
    }
    const { purpose } = command;
    const step = this.#step;
    const resume = purpose === "keep" && this.#training !== undefined;
    const saved = resume ? await this.#training!.checkpoint() : await modelOf(flow, this.config);
    const bytes = new Uint8Array(saved);
    this.post({ type: "saved", purpose, beginning: { bytes, resume, step } }, [bytes.buffer]);
  }

  async #train(flow: Flow): Promise<void> {
    const { config, device } = this;
    const slow = device.adapter.isSoftware;
    // On an emulated GPU the held-out points would otherwise take longer than the training between them.
    const set = datasetOf(config, slow ? 1_000 : 10_000);
    const resume = this.beginning?.resume ? this.beginning.bytes : undefined;
    const run = train(flow, set, {
      // Weights from elsewhere were trained with a scaling of their own, or with none.
      ...(resume ? { resume } : this.beginning && { standardise: false }),
      steps: config.steps,
      batch: config.batch,
      lr: config.lr,
      seed: config.seed,
      clip: 10,
      ...(config.warm > 0 && { warmStart: { steps: config.warm } }),
      trace:
        config.trace === "exact" ? { kind: "exact" } : { kind: "hutchinson", distribution: config.trace },
      reportEvery: slow ? 5 : 20,
      evaluateEvery: slow ? 50 : 100,
      signal: this.#stop.signal,
    });
    this.#training = run;
    for await (const report of run) {
      const { phase, heldOut, kl, nfe, nfeBackward, stepsPerSecond } = report;
      const step = report.step + (phase === "likelihood" ? config.warm : 0);
      const loss = phase === "likelihood" ? report.loss : undefined;
      this.#step = step;
      this.post({ type: "progress", phase, step, loss, heldOut, kl, nfe, nfeBackward, stepsPerSecond });
      if (this.#paused) {
        this.post({ type: "paused" });
        // The next training step is only made when the loop asks for it, so waiting here is the pause.
        await this.#idle(flow);
      } else if (performance.now() >= this.#nextDraw && step < config.warm + config.steps) {
        await this.#drawWhileTraining(flow);
      }
      if (this.#stop.signal.aborted) return;
    }
  }

  /** At most once a second, and never for more than about a quarter of the time. */
  async #drawWhileTraining(flow: Flow): Promise<void> {
    const start = performance.now();
    await this.#catchingAbort(async () => {
      await this.#sendDensity(flow, this.#grids[0]!, this.#stop.signal);
      await this.#sendSamples(flow, this.#stop.signal);
    });
    const now = performance.now();
    this.#nextDraw = now + Math.max(1000, 3 * (now - start));
  }

  /** Until start() or stop(): brings the picture up to date, then refines it, then waits for a change. */
  async #idle(flow: Flow): Promise<void> {
    const { signal } = this.#stop;
    while (this.#paused && !signal.aborted) {
      const change = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#interrupt = new AbortController();
      await this.#catchingAbort(async () => {
        for (const size of this.#grids) {
          await this.#sendDensity(flow, size, this.#interrupt.signal);
          await this.#sendSamples(flow, this.#interrupt.signal);
        }
      });
      await change;
    }
  }

  /** An abort is how work is put off, not a failure. */
  async #catchingAbort(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof FjordError && error.code === "aborted")) throw error;
    }
  }

  async #sendDensity(flow: Flow, size: number, signal: AbortSignal): Promise<void> {
    const upToDate = this.#sent.densityStep === this.#step && this.#sent.size >= size;
    if (upToDate || !this.#layers.density || !this.#layers.visible || signal.aborted) return;
    const [low, high] = setOf(this.config.set).window;
    const logDensity = await flow.logProb(cellCentres(size, low, high), { signal });
    const cell = ((high - low) / size) ** 2;
    let mass = 0;
    for (const value of logDensity) mass += Math.exp(value) * cell;
    this.#sent = { ...this.#sent, densityStep: this.#step, size };
    this.post({ type: "frame", step: this.#step, size, logDensity, mass }, [logDensity.buffer]);
  }

  async #sendSamples(flow: Flow, signal: AbortSignal): Promise<void> {
    const upToDate = this.#sent.samplesStep === this.#step;
    if (upToDate || !this.#layers.samples || !this.#layers.visible || signal.aborted) return;
    // The same noise every time, so that the samples move as the flow learns, instead of flickering.
    const points = await flow.sample(SAMPLES, { seed: this.config.seed + 1, signal });
    this.#sent = { ...this.#sent, samplesStep: this.#step };
    this.post({ type: "samples", step: this.#step, points }, [points.buffer]);
  }
}

/** [size², 2], row by row from the top left. */
function cellCentres(size: number, low: number, high: number): Float32Array {
  const points = new Float32Array(2 * size * size);
  const step = (high - low) / size;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const at = 2 * (row * size + column);
      points[at] = low + (column + 0.5) * step;
      points[at + 1] = high - (row + 0.5) * step;
    }
  }
  return points;
}
