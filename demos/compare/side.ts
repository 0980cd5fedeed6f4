/** One of the two configurations, in the worker: its flow, its training turn by turn, and what is seen of it. */
import { type Device, data, FjordError, type Flow, type TrainReport, type TrainRun } from "fjordgpu";
import type { Config } from "../density/config.js";
import { SAMPLES } from "../density/protocol-view.js";
import { flowOf } from "../density/run.js";
import { setOf } from "../density/sets.js";
import { cellCentres } from "../shared/grid.js";
import { Guard } from "../shared/guard.js";
import { COURSE_DETAIL, Journey } from "../shared/journey.js";
import { phasesOf, type SideName } from "./pair.js";
import type { Event, Judged, Progress, Seen } from "./protocol.js";

const fetchTraining = () => import("../density/training.js");

/** What training goes wrong with, as against what the device or the program does. */
const TROUBLES: readonly string[] = ["non-finite", "solve-failed"];

export class Side {
  #step = 0;
  #seconds = 0;
  #run: TrainRun | undefined;
  #reports: AsyncIterator<TrainReport> | undefined;
  /** Steps between the reports of #run. */
  #every = 0;
  readonly #guard = new Guard();
  readonly #flow: Flow;
  readonly #journey: Journey;
  /** What the page has been sent, so that nothing is computed twice. */
  #sent = { densityStep: -1, size: 0, samplesStep: -1, judgedStep: -1 };

  /**
   * @param dataset of both sides
   * @param signal ends the training
   * @throws ArgumentError
   */
  constructor(
    readonly device: Device,
    readonly name: SideName,
    readonly config: Config,
    readonly dataset: data.Dataset,
    readonly signal: AbortSignal,
    readonly post: (event: Event, transfer?: Transferable[]) => void,
  ) {
    this.#flow = flowOf(device, config, undefined);
    const { software, hardware } = COURSE_DETAIL;
    // Two flows share the processor.
    const detail = device.adapter.isSoftware ? { ...software, stride: 4 } : hardware;
    this.#journey = new Journey(
      {
        window: setOf(config).window,
        seed: config.seed + 1,
        samples: SAMPLES,
        ...detail,
      },
      (event, transfer) => this.#show(event, transfer),
    );
  }

  get parameters(): number {
    return this.#flow.field.paramCount;
  }

  /** Takes a step of each phase with a flow that is thrown away: the kernels are compiled before a clock runs. */
  async compile(): Promise<void> {
    const { warm, likelihood } = phasesOf(this.config);
    const flow = flowOf(this.device, this.config, undefined);
    try {
      const brief = { ...this.config, warm: Math.min(1, warm), steps: Math.min(1, likelihood) };
      const run = await this.#training(flow, brief, 1, undefined);
      for await (const _ of run) if (this.signal.aborted) break;
    } finally {
      flow.dispose();
    }
  }

  /**
   * Trains up to a step and says how that went; the device has nothing else to do meanwhile, and nothing left when it
   * ends. Reports come every so many steps, of which the step of a turn is a multiple.
   * @returns a sentence when training should not go on like this
   */
  async advance(step: number, every: number): Promise<string | undefined> {
    if (this.#every !== every) await this.#regroup(every);
    const start = performance.now();
    const first = this.#step;
    let report: TrainReport | undefined;
    const losses: number[] = [];
    let trouble: string | undefined;
    try {
      while (this.#step < step && trouble === undefined && !this.signal.aborted) {
        const next = await this.#reports!.next();
        if (next.done) break;
        report = next.value;
        trouble = this.#guard.judge(report);
        const isLikelihood = report.phase === "likelihood";
        if (isLikelihood) losses.push(...report.losses);
        this.#step = report.step + (isLikelihood ? phasesOf(this.config).warm : 0);
      }
    } catch (error) {
      if (error instanceof FjordError && TROUBLES.includes(error.code)) return error.message;
      throw error;
    }
    if (!report) return undefined;
    const milliseconds = performance.now() - start;
    this.#seconds += milliseconds / 1000;
    const { phase, nfe, nfeBackward } = report;
    this.#tell({
      type: "progress",
      side: this.name,
      phase,
      step: this.#step,
      loss: losses.length > 0 ? losses.reduce((sum, loss) => sum + loss, 0) / losses.length : undefined,
      nfe,
      nfeBackward,
      stepTime: milliseconds / (this.#step - first),
      seconds: this.#seconds,
    });
    return trouble;
  }

  /** Judges the flow on the held-out points, once a step. */
  async judge(): Promise<void> {
    const { dataset } = this;
    if (this.#sent.judgedStep === this.#step || dataset.heldOut.length === 0) return;
    const logProb = await this.#flow.logProb(dataset.heldOut, { signal: this.signal });
    const heldOut = -logProb.reduce((sum, value) => sum + value, 0) / logProb.length;
    const known = dataset.logDensity && Number.isFinite(heldOut);
    this.#sent.judgedStep = this.#step;
    this.#tell({
      type: "judged",
      side: this.name,
      step: this.#step,
      heldOut,
      kl: known ? data.klFromData(dataset, logProb).nats : undefined,
    });
  }

  /** The density on a grid, unless the page has one as fine of this step. */
  async sendDensity(size: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || (this.#sent.densityStep === this.#step && this.#sent.size >= size)) return;
    const [low, high] = setOf(this.config).window;
    const logDensity = await this.#flow.logProb(cellCentres(size, [low, high]), { signal });
    const cell = ((high - low) / size) ** 2;
    const mass = logDensity.reduce((sum, value) => sum + Math.exp(value) * cell, 0);
    this.#sent = { ...this.#sent, densityStep: this.#step, size };
    this.#show({ type: "frame", step: this.#step, size, logDensity, mass }, [logDensity.buffer]);
  }

  /** The same noise every time and on both sides, so that samples can be told apart by the flows alone. */
  async sendSamples(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#sent.samplesStep === this.#step) return;
    const points = await this.#flow.sample(SAMPLES, { seed: this.config.seed + 1, signal });
    this.#sent = { ...this.#sent, samplesStep: this.#step };
    this.#show({ type: "samples", step: this.#step, points }, [points.buffer]);
  }

  /** The next part of what the time slider shows; false: nothing is left. */
  travel(signal: AbortSignal): Promise<boolean> {
    return this.#journey.advance(this.#flow, this.#step, signal);
  }

  /** The page has dropped what it knew of the flow's course. */
  forget(): void {
    this.#journey.forget();
  }

  /** Ends the training and frees the GPU memory. */
  async dispose(): Promise<void> {
    await this.#reports?.return?.();
    this.#flow.dispose();
  }

  /** Goes on with other steps between reports. */
  async #regroup(every: number): Promise<void> {
    const resume = await this.#run?.checkpoint();
    await this.#reports?.return?.();
    const { warm, likelihood } = phasesOf(this.config);
    this.#run = await this.#training(this.#flow, { ...this.config, warm, steps: likelihood }, every, resume);
    this.#reports = this.#run[Symbol.asyncIterator]();
    this.#every = every;
  }

  async #training(
    flow: Flow,
    config: Config,
    turn: number,
    resume: Uint8Array | undefined,
  ): Promise<TrainRun> {
    const { trainingOf } = await fetchTraining();
    // Without held-out points: judging them is no part of a turn.
    const set = { ...this.dataset, heldOut: new Float32Array() };
    return trainingOf(flow, set, config, {
      resume,
      keepScaling: false,
      caution: 1,
      reportEvery: turn,
      evaluateEvery: turn,
      signal: this.signal,
    });
  }

  #tell(event: Progress | Judged): void {
    this.post(event);
  }

  #show(event: Seen["event"], transfer?: Transferable[]): void {
    this.post({ type: "seen", side: this.name, event }, transfer);
  }
}
