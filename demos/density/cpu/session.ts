/**
 * One run of training on the CPU, in the worker: what session.ts is with a device. It computes in slices of some ten
 * milliseconds, between which messages are heard, so that a pause comes at once; the step it cuts off is taken again.
 */
import { data } from "fjordgpu";
import { cellCentres } from "../../shared/grid.js";
import { Checkpoints, Guard, isRunaway } from "../../shared/guard.js";
import { ROUGH } from "../../shared/journey.js";
import { Rest, unlessPutOff } from "../../shared/rest.js";
import type { Config } from "../config.js";
import { check, inspect, ring } from "../probes.js";
import type { Beginning, Command, Event, Shown } from "../protocol.js";
import { DATA_POINTS, type DropRing, type Inspect, SAMPLES } from "../protocol-view.js";
import { datasetOf, modelOf, optionsOf } from "../run.js";
import { setOf } from "../sets.js";
import { Breath } from "./breath.js";
import { CpuFlow } from "./flow.js";
import { CpuJourney } from "./journey.js";
import { CpuScene } from "./scene.js";
import { CpuTraining, type Float64State, isStateOf, type StepReport, type TrainState } from "./training.js";

/** Cells along a side of the picture: while training, and when paused. */
const GRIDS = [32, 64];
/** Steps of likelihood between looks at the held-out points, and how many of these are looked at. */
const EVALUATE_EVERY = 50;
const MOST_HELD_OUT = 200;
/** Milliseconds between two reports. */
const TELL_EVERY = 100;

export class CpuSession {
  readonly #rest = new Rest(() => this.post({ type: "paused" }));
  readonly #breath = new Breath(() => this.#answer());
  /** Ends what training is at: a pause, or the end. */
  #work = new AbortController();
  #step: number;
  #single = false;
  #rewind = false;
  #inTrouble = false;
  #layers: Shown;
  #pace: number;
  #nextDraw = 0;
  #drawnStep = 0;
  /** What the page has been sent, so that nothing is computed twice. */
  #sent = { densityStep: -1, size: 0, samplesStep: -1 };
  #checkedStep = -1;
  /** Milliseconds spent on training; of this phase alone, with its steps. */
  #trained = 0;
  #phase = { name: "", steps: 0, trained: 0 };
  #lastTold = 0;
  #losses: number[] = [];
  readonly #asked = new Map<string, Inspect | DropRing>();
  #flow: CpuFlow | undefined;
  #training: CpuTraining | undefined;
  /** What the run goes on from. */
  #kept: Float64State | undefined;
  #scene: CpuScene | undefined;
  #journey: CpuJourney | undefined;

  constructor(
    private config: Config,
    layers: Shown,
    readonly post: (event: Event, transfer?: Transferable[]) => void,
    readonly show: (scene: CpuScene | undefined) => void,
    readonly beginning?: Beginning,
    pace = 0,
  ) {
    this.#layers = layers;
    this.#pace = pace;
    this.#step = beginning?.step ?? 0;
  }

  /** Steps between pictures while it trains; 0: as time allows. */
  set pace(steps: number) {
    this.#pace = steps;
  }

  set layers(layers: Shown) {
    this.#layers = layers;
    this.#rest.changed();
  }

  /** @param single one step, then a pause */
  start(single = false): void {
    this.#single = single;
    this.#scene?.leave();
    // A pause may come before a step: the page has dropped what it knew of the flow.
    this.#journey?.forget();
    this.#checkedStep = -1;
    this.#rest.start();
  }

  /** The run ends after so many steps of likelihood, counted from its beginning. */
  extend(steps: number): void {
    this.config = { ...this.config, steps };
  }

  /** Out of trouble; see Trouble. @param slower at half the learning rate */
  rewind(slower: boolean): void {
    this.#rewind = true;
    if (slower && this.#training) this.#training.caution *= 2;
    this.start();
  }

  pause(): void {
    this.#work.abort();
    this.#rest.pause();
  }

  /** Is answered between two slices of work. */
  ask(request: Inspect | DropRing): void {
    this.#asked.set(request.type, request);
    this.#rest.wake();
  }

  /** Makes `run` end soon. */
  stop(): void {
    this.#rest.end();
    this.#work.abort();
  }

  /** Ends after stop(). @throws what the library throws */
  async run(): Promise<void> {
    const { config, beginning } = this;
    const flow = new CpuFlow(optionsOf(config, beginning), this.#breath);
    this.#flow = flow;
    const kept = beginning?.float64;
    if (kept && isStateOf(flow, kept)) {
      this.#kept = kept;
      flow.theta = kept.adam.theta;
      flow.standardisation = kept.scaling;
    }
    const set = setOf(config);
    const scene = new CpuScene(set.window, set.sample(Math.min(DATA_POINTS, config.rows), config.seed));
    this.#scene = scene;
    try {
      this.post({ type: "ready", parameters: flow.field.paramCount });
      this.show(scene);
      await this.#drawWhileTraining(flow, this.#work.signal);
      this.#journey = new CpuJourney(flow, scene, config.seed + 1, this.post);
      await this.#idle(flow);
      while (!this.#rest.isOver) {
        await this.#train(flow);
        if (this.#rest.isOver) return;
        this.#rest.stand();
        this.post({ type: "finished" });
        // Until it is to be trained on.
        await this.#idle(flow);
      }
    } finally {
      this.#flow = undefined;
      this.show(undefined);
    }
  }

  /** What the page asks of the flow as it is; nothing while there is none. @throws what the library throws */
  async give(command: Extract<Command, { type: "save" | "draw" }>): Promise<void> {
    const flow = this.#flow;
    if (!flow) return;
    if (command.type === "draw") {
      const points = await flow.sample(command.count, {
        seed: this.config.seed + 2,
        signal: this.#rest.signal,
      });
      this.post({ type: "drawn", points });
      return;
    }
    const { purpose } = command;
    // What cannot go on is not worth keeping: what was kept before is.
    if (purpose === "keep" && this.#inTrouble) return;
    const step = this.#step;
    const float64 = purpose === "keep" ? (this.#training?.float64 ?? this.#kept) : undefined;
    const bytes = new Uint8Array(await modelOf(flow, this.config));
    const { weights } = this.beginning ?? {};
    this.post({ type: "saved", purpose, beginning: { bytes, resume: false, float64, step, weights } });
  }

  async #train(flow: CpuFlow): Promise<void> {
    const { config, beginning } = this;
    const set = datasetOf(config, MOST_HELD_OUT);
    const isNew = this.#training === undefined;
    this.#training ??= new CpuTraining(flow, set, config, this.#step, beginning !== undefined);
    const training = this.#training;
    if (isNew && this.#kept) training.state = this.#kept;
    training.config = config;
    const first = training.state;
    const checkpoints = new Checkpoints<TrainState>(first.step);
    let guard = new Guard();
    while (!training.isOver && !this.#rest.isOver) {
      await this.#idle(flow);
      if (this.#rest.isOver) return;
      this.#work = new AbortController();
      let trouble: string | undefined;
      await unlessPutOff(async () => {
        trouble = await this.#next(training, guard, checkpoints);
      });
      if (trouble === undefined) continue;
      const back = checkpoints.before(this.#step) ?? first;
      await this.#choice(trouble, back.step, config.lr / (2 * training.caution));
      training.state = back;
      checkpoints.returnTo(back.step);
      guard = new Guard();
    }
  }

  /** One step and what is due after it. @returns why it cannot go on, if it cannot @throws FjordError `aborted` */
  async #next(
    training: CpuTraining,
    guard: Guard,
    checkpoints: Checkpoints<TrainState>,
  ): Promise<string | undefined> {
    const { flow, config } = training;
    const { signal } = this.#work;
    try {
      const start = performance.now();
      const report = await training.step(signal);
      const stepTime = performance.now() - start;
      this.#step = training.state.step;
      this.#count(report, stepTime);
      const likelihood = this.#step - config.warm;
      const isDue = likelihood > 0 && (likelihood % EVALUATE_EVERY === 0 || training.isOver);
      const heldOut = isDue ? await this.#heldOut(flow, training.dataset) : {};
      const isTold = isDue || this.#single || training.isOver;
      if (isTold || start + stepTime >= this.#lastTold + TELL_EVERY) this.#tell(report, stepTime, heldOut);
      const trouble = guard.judge({ ...report, losses: [report.loss] });
      if (trouble) return trouble;
      if (checkpoints.isDue(this.#step)) checkpoints.add(training.state);
      if (this.#single) this.pause();
      else if (this.#isDrawDue && !training.isOver) await this.#drawWhileTraining(flow, signal);
    } catch (error) {
      if (!isRunaway(error)) throw error;
      return error.message;
    }
    return undefined;
  }

  #count({ phase, loss }: StepReport, stepTime: number): void {
    if (this.#phase.name !== phase) {
      this.#phase = { name: phase, steps: 0, trained: 0 };
      this.#losses = [];
    }
    this.#phase.steps += 1;
    this.#phase.trained += stepTime;
    this.#trained += stepTime;
    this.#losses.push(loss);
  }

  async #heldOut(flow: CpuFlow, set: data.Dataset): Promise<{ heldOut?: number; kl?: number }> {
    if (set.heldOut.length === 0) return {};
    const logProb = await flow.logProb(set.heldOut, { signal: this.#rest.signal });
    const heldOut = -logProb.reduce((sum, value) => sum + value, 0) / logProb.length;
    return { heldOut, ...(set.logDensity && { kl: data.klFromData(set, logProb).nats }) };
  }

  #tell(
    { phase, nfe, nfeBackward }: StepReport,
    stepTime: number,
    { heldOut, kl }: { heldOut?: number; kl?: number },
  ): void {
    const sum = this.#losses.reduce((total, value) => total + value, 0);
    const loss = phase === "likelihood" ? sum / this.#losses.length : undefined;
    this.#losses = [];
    this.#lastTold = performance.now();
    const { steps, trained } = this.#phase;
    const stepsPerSecond = (1000 * steps) / Math.max(1, trained);
    const times = { stepsPerSecond, seconds: this.#trained / 1000, stepTime };
    const step = this.#step;
    this.post({ type: "progress", phase, step, loss, heldOut, kl, nfe, nfeBackward, ...times });
  }

  /** Until rewind() or stop(). Nothing is drawn: the weights may hold anything. */
  async #choice(reason: string, backTo: number, lr: number): Promise<void> {
    this.#rest.stand();
    this.#rewind = false;
    this.#inTrouble = true;
    this.#asked.clear();
    this.post({ type: "trouble", step: this.#step, reason, backTo, lr });
    await this.#rest.until(() => this.#rewind);
    this.#inTrouble = false;
  }

  get #isDrawDue(): boolean {
    const steps = this.#step - this.#drawnStep;
    return this.#pace > 0 ? steps >= this.#pace : performance.now() >= this.#nextDraw;
  }

  /** By time: at most once a second, and never for more than about a quarter of the time. */
  async #drawWhileTraining(flow: CpuFlow, signal: AbortSignal): Promise<void> {
    const start = performance.now();
    await unlessPutOff(async () => {
      await this.#sendDensity(flow, GRIDS[0]!, signal);
      await this.#sendSamples(flow, signal);
    });
    const now = performance.now();
    this.#drawnStep = this.#step;
    this.#nextDraw = now + Math.max(1000, 3 * (now - start));
  }

  /** Until start(), single() or stop(): brings the picture up to date, refines it, and waits for a change. */
  async #idle(flow: CpuFlow): Promise<void> {
    await this.#rest.whilePaused((signal) => this.#idleWork(flow, signal));
  }

  /** Everything about a flow that stands still, the most wanted first; points are answered in between. */
  async #idleWork(flow: CpuFlow, signal: AbortSignal): Promise<void> {
    const [coarse, ...finer] = GRIDS;
    await this.#answer();
    await this.#sendDensity(flow, coarse!, signal);
    await this.#sendSamples(flow, signal);
    if (!this.#layers.visible) return;
    await this.#travel(flow, ROUGH, signal);
    for (const size of finer) await this.#sendDensity(flow, size, signal);
    if (this.#checkedStep !== this.#step && !signal.aborted) {
      const { config } = this;
      const found = await check(flow, setOf(config), config.seed, this.#step, signal);
      this.#checkedStep = this.#step;
      this.post(found);
    }
    await this.#travel(flow, Number.POSITIVE_INFINITY, signal);
  }

  /** Computes the course of the flow until so many of its densities are known, or all. */
  async #travel(flow: CpuFlow, most: number, signal: AbortSignal): Promise<void> {
    let isMore = true;
    while (isMore && !signal.aborted && (this.#journey?.knownAt(this.#step) ?? most) < most) {
      isMore = (await this.#journey?.advance(flow, this.#step, signal)) ?? false;
      await this.#answer();
    }
  }

  /** Nothing can be said before the course of the flow has its times, nor of weights that hold anything. */
  async #answer(): Promise<void> {
    const times = this.#journey?.times ?? [];
    const flow = this.#flow;
    if (!flow || times.length === 0 || this.#inTrouble) return;
    for (const request of this.#asked.values()) {
      this.#asked.delete(request.type);
      this.post(
        request.type === "ring" ? await ring(flow, request, times) : await inspect(flow, request, times),
      );
    }
  }

  async #sendDensity(flow: CpuFlow, size: number, signal: AbortSignal): Promise<void> {
    const upToDate = this.#sent.densityStep === this.#step && this.#sent.size >= size;
    if (upToDate || !this.#layers.density || !this.#layers.visible || signal.aborted) return;
    const [low, high] = setOf(this.config).window;
    const logDensity = await flow.logProb(cellCentres(size, [low, high]), { signal });
    if (this.#scene) this.#scene.density = { size, logDensity };
    const cell = ((high - low) / size) ** 2;
    const mass = logDensity.reduce((sum, value) => sum + Math.exp(value) * cell, 0);
    this.#sent = { ...this.#sent, densityStep: this.#step, size };
    this.post({ type: "frame", step: this.#step, size, logDensity, mass });
  }

  async #sendSamples(flow: CpuFlow, signal: AbortSignal): Promise<void> {
    const upToDate = this.#sent.samplesStep === this.#step;
    if (upToDate || !this.#layers.samples || !this.#layers.visible || signal.aborted) return;
    // The same noise every time, so that the samples move as the flow learns, instead of flickering.
    const samples = await flow.sample(SAMPLES, { seed: this.config.seed + 1, signal });
    if (this.#scene) this.#scene.samples = samples;
    this.#sent = { ...this.#sent, samplesStep: this.#step };
    this.post({ type: "samples", count: SAMPLES });
  }
}
