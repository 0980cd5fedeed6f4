/**
 * One run of training, in the worker: it draws while it trains, and refines the picture while it is paused.
 * Everything on the GPU happens one after the other, in `run`; the other methods only leave notes for it.
 */
import {
  type Device,
  type Flow,
  logProbOnDevice,
  sampleOnDevice,
  type Tensor,
  type TrainReport,
  type TrainRun,
  tensor,
} from "fjordgpu";
import { cellCentres } from "../shared/grid.js";
import { Checkpoints, Guard, isRunaway, type Kept } from "../shared/guard.js";
import { ROUGH } from "../shared/journey.js";
import { Rest, unlessPutOff } from "../shared/rest.js";
import { Bands } from "./bands.js";
import type { Config } from "./config.js";
import { DETAIL, type Detail } from "./detail.js";
import type { PartedDensity } from "./parted-density.js";
import type { Beginning, Command, Event, Shown } from "./protocol.js";
import { DATA_POINTS, type DropRing, type Inspect } from "./protocol-view.js";
import { datasetOf, flowOf, modelOf } from "./run.js";
import { Scene } from "./scene.js";
import type { SceneJourney } from "./scene-journey.js";
import { setOf } from "./sets.js";
import type { SlowFailed, SlowStep } from "./slow/protocol.js";

/** Milliseconds after a movement in time during which only pictures are computed. */
const QUIET = 300;

const fetchTraining = () => import("./training.js");

const fetchRecording = () => import("./slow/record.js");
const fetchCourse = () => import("./course.js");

/** Why a run was left: it has ended, it goes on in other portions, or it cannot go on. */
type Leaving = "ended" | "regroup" | { readonly trouble: string };

export class Session {
  readonly #rest = new Rest(() => this.post({ type: "paused" }));
  #step = 0;
  /** What the page has been sent, so that nothing is computed twice. */
  #sent = { densityStep: -1, size: 0, samplesStep: -1, samples: 0 };
  #nextDraw = 0;
  #layers: Shown;
  readonly #detail: Detail;
  /** Of cells, and of particles of the course. */
  readonly #bands: { readonly density: Bands; readonly crowd: Bands };
  /** Training goes on one step at a time. */
  #single = false;
  /** Steps between pictures while it trains; 0: as time allows. */
  #pace = 0;
  #drawnStep = 0;
  #rewind = false;
  /** A step is to be recorded. */
  #slow = false;
  /** Divides the learning rates. */
  #caution = 1;
  /** Requests about points that wait for an answer; of each kind only the newest. */
  readonly #asked = new Map<string, Inspect | DropRing>();
  /** There is none before the first picture stands. */
  #journey: SceneJourney | undefined;
  #parted: PartedDensity | undefined;
  #scene: Scene | undefined;
  /** Where in time the reader is, and until when what is not urgent waits. */
  #progress = 1;
  #quietUntil = 0;
  #checkedStep = -1;
  #stepTime: number | undefined;
  /** Milliseconds spent on training. */
  #trained = 0;
  #flow: Flow | undefined;
  #training: TrainRun | undefined;
  /** Set while the weights may hold anything. */
  #inTrouble = false;

  constructor(
    readonly device: Device,
    private config: Config,
    layers: Shown,
    readonly post: (event: Event, transfer?: Transferable[]) => void,
    readonly show: (scene: Scene | undefined) => void,
    readonly beginning?: Beginning,
    pace = 0,
  ) {
    this.#layers = layers;
    this.#pace = pace;
    this.#step = beginning?.step ?? 0;
    this.#detail = DETAIL[device.adapter.isSoftware ? "software" : "hardware"];
    const { milliseconds, first } = this.#detail.part;
    // Particles are recorded at every time of the course, dispatch by dispatch.
    this.#bands = {
      density: new Bands(milliseconds, first, 256),
      crowd: new Bands(2 * milliseconds, 1024, 512),
    };
  }

  /** Steps between pictures while it trains; 0: as time allows. */
  set pace(steps: number) {
    this.#pace = steps;
  }

  get #reportEvery(): number {
    const usual = this.#detail.report;
    return this.#single ? 1 : Math.min(usual, this.#pace || usual);
  }

  set layers(layers: Shown) {
    this.#layers = layers;
    this.#rest.changed();
  }

  /** @param single one step, then a pause */
  start(single = false): void {
    this.#single = single;
    this.#slow = false;
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

  /** Records the next step, as soon as the training stands still. */
  slow(): void {
    this.#slow = true;
    this.#rest.changed();
  }

  /** Out of trouble; see Trouble. @param slower at half the learning rate */
  rewind(slower: boolean): void {
    this.#rewind = true;
    if (slower) this.#caution *= 2;
    this.start();
  }

  /** The reader has moved in time: pictures of it come before everything that makes the picture finer. */
  moved(progress: number): void {
    if (progress !== this.#progress) this.#quietUntil = performance.now() + QUIET;
    this.#progress = progress;
  }

  async #quiet(signal: AbortSignal): Promise<void> {
    for (;;) {
      const left = this.#quietUntil - performance.now();
      if (left <= 0 || signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, left));
    }
  }

  /** Is answered between two pieces of work, which it does not interrupt. */
  ask(request: Inspect | DropRing): void {
    this.#asked.set(request.type, request);
    this.#rest.wake();
  }

  pause(): void {
    this.#rest.pause();
  }

  /** Makes `run` end soon; its GPU memory is then freed. */
  stop(): void {
    this.#rest.end();
  }

  /** Ends after stop(). @throws what the library throws, DeviceLostError among it */
  async run(): Promise<void> {
    const { config } = this;
    const flow = flowOf(this.device, config, this.beginning);
    this.#flow = flow;
    const set = setOf(config);
    // The first rows of the longer draw that is trained on.
    const data = set.sample(Math.min(DATA_POINTS, config.rows), config.seed);
    const scene = new Scene(this.device, set.window, data);
    this.#scene = scene;
    try {
      this.post({ type: "ready", parameters: flow.field.paramCount });
      // Drawn even when training is to begin at once: its first kernels take a while to compile.
      await this.#drawWhileTraining(flow);
      this.show(scene);
      const { PartedDensity, SceneJourney } = await fetchCourse();
      const { isSoftware } = this.device.adapter;
      const parted = new PartedDensity(this.#bands.density, (of, signal) => this.#between(of, signal));
      this.#parted = parted;
      this.#journey = new SceneJourney(scene, config.seed + 1, isSoftware, parted, this.post);
      // Whatever goes wrong with it is said when it is needed.
      fetchTraining().catch(() => undefined);
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
      scene.dispose();
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
        signal: this.#rest.signal,
      });
      this.post({ type: "drawn", points }, [points.buffer]);
      return;
    }
    const { purpose } = command;
    // What cannot go on is not worth keeping: what was kept before is.
    if (purpose === "keep" && this.#inTrouble) return;
    const step = this.#step;
    const resume = purpose === "keep" && this.#training !== undefined;
    const saved = resume ? await this.#training!.checkpoint() : await modelOf(flow, this.config);
    const bytes = new Uint8Array(saved);
    const saving = { bytes, resume, step, weights: this.beginning?.weights };
    this.post({ type: "saved", purpose, beginning: saving }, [bytes.buffer]);
  }

  async #train(flow: Flow): Promise<void> {
    const { config, beginning, device } = this;
    const { trainingOf } = await fetchTraining();
    const { isSoftware } = device.adapter;
    // On an emulated GPU the held-out points would otherwise take longer than the training between them.
    const set = datasetOf(config, isSoftware ? 1_000 : 10_000);
    const before = await this.#training?.checkpoint();
    const first = { step: this.#step, bytes: before ?? (beginning?.resume ? beginning.bytes : undefined) };
    const firstParams = await flow.params();
    const checkpoints = new Checkpoints(first.step);
    let guard = new Guard();
    let resume: Uint8Array | undefined = first.bytes;
    while (!this.#rest.isOver) {
      const run = trainingOf(flow, set, config, {
        resume,
        keepScaling: this.#keepScaling,
        caution: this.#caution,
        reportEvery: this.#reportEvery,
        evaluateEvery: isSoftware ? 50 : 100,
        signal: this.#rest.signal,
      });
      this.#training = run;
      const leaving = await this.#follow(run, flow, guard, checkpoints);
      if (leaving === "ended") return;
      if (leaving === "regroup") {
        resume = await run.checkpoint();
        continue;
      }
      const back = checkpoints.before(this.#step) ?? first;
      await this.#choice(leaving.trouble, back.step, config.lr / (2 * this.#caution));
      resume = back.bytes;
      if (resume) this.#secure({ step: back.step, bytes: resume });
      // The weights may not be finite any more: a run from the beginning needs those it began with.
      if (!resume) await flow.setParams(firstParams);
      checkpoints.returnTo(back.step);
      guard = new Guard();
    }
  }

  /** Trains until the run ends, is stopped, or has to be made anew. */
  async #follow(run: TrainRun, flow: Flow, guard: Guard, checkpoints: Checkpoints): Promise<Leaving> {
    const { config } = this;
    const reportEvery = this.#reportEvery;
    /** When the report before came; none where something else was done in between, the first kernels among it. */
    let since: { time: number; step: number } | undefined;
    let asked = performance.now();
    try {
      for await (const report of run) {
        this.#trained += performance.now() - asked;
        this.#step = report.step + (report.phase === "likelihood" ? config.warm : 0);
        const now = performance.now();
        if (since && report.heldOut === undefined) {
          this.#stepTime = (now - since.time) / Math.max(1, this.#step - since.step);
        }
        since = report.heldOut === undefined ? { time: now, step: this.#step } : undefined;
        this.#tell(report);
        const trouble = guard.judge(report);
        if (trouble) return { trouble };
        if (checkpoints.isDue(this.#step)) {
          const kept = { step: this.#step, bytes: await run.checkpoint() };
          checkpoints.add(kept);
          this.#secure(kept);
        }
        if (this.#single) this.#rest.pause();
        if (this.#rest.isPaused) {
          since = undefined;
          // The next training step is only made when the loop asks for it, so waiting here is the pause.
          await this.#idle(flow);
        } else {
          await this.#answer(flow);
          if (this.#isDrawDue && this.#step < config.warm + config.steps) {
            await this.#drawWhileTraining(flow);
            since = undefined;
          }
        }
        if (this.#rest.isOver) return "ended";
        if (this.#reportEvery !== reportEvery) return "regroup";
        asked = performance.now();
      }
    } catch (error) {
      if (!isRunaway(error)) throw error;
      return { trouble: error.message };
    }
    return "ended";
  }

  /** Where the run goes on should the device be lost. */
  #secure({ step, bytes }: Kept): void {
    const { weights } = this.beginning ?? {};
    const beginning = { bytes: new Uint8Array(bytes), resume: true, step, weights };
    this.post({ type: "saved", purpose: "recover", beginning });
  }

  #tell(report: TrainReport): void {
    const { phase, heldOut, kl, nfe, nfeBackward, stepsPerSecond } = report;
    const loss = phase === "likelihood" ? report.loss : undefined;
    const times = { stepsPerSecond, seconds: this.#trained / 1000, stepTime: this.#stepTime };
    const counts = { nfe, nfeBackward, ...times };
    this.post({ type: "progress", phase, step: this.#step, loss, heldOut, kl, ...counts });
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

  /** Weights from elsewhere were trained with a scaling of their own, or with none. */
  get #keepScaling(): boolean {
    return this.beginning !== undefined && !this.beginning.resume;
  }

  get #isDrawDue(): boolean {
    const steps = this.#step - this.#drawnStep;
    return this.#pace > 0 ? steps >= this.#pace : performance.now() >= this.#nextDraw;
  }

  /** By time: as often as the adapter keeps up with, and never for more than about a quarter of the time. */
  async #drawWhileTraining(flow: Flow): Promise<void> {
    const start = performance.now();
    await unlessPutOff(async () => {
      await this.#sendDensity(flow, this.#detail.grids[0], this.#rest.signal);
      await this.#sendSamples(flow, this.#rest.signal);
    });
    const now = performance.now();
    this.#drawnStep = this.#step;
    this.#nextDraw = now + Math.max(this.#detail.every, 3 * (now - start));
  }

  /** Until start(), single() or stop(): brings the picture up to date, refines it, and waits for a change. */
  async #idle(flow: Flow): Promise<void> {
    await this.#rest.whilePaused((signal) => this.#idleWork(flow, signal));
  }

  /** Everything about a flow that stands still, the most wanted first; points are answered in between. */
  async #idleWork(flow: Flow, signal: AbortSignal): Promise<void> {
    const [coarse, ...finer] = this.#detail.grids;
    if (this.#slow) await this.#sendSlow(flow, signal);
    await this.#answer(flow);
    await this.#sendDensity(flow, coarse, signal);
    await this.#sendSamples(flow, signal);
    if (!this.#layers.visible) return;
    await this.#travel(flow, ROUGH, signal);
    await this.#sendCrowd(flow, signal);
    for (const size of finer) await this.#sendDensity(flow, size, signal);
    if (this.#checkedStep !== this.#step && !signal.aborted) {
      const { config } = this;
      const { check, selfTest } = await fetchCourse();
      const found = await check(flow, setOf(config), config.seed, this.#step, signal);
      this.#checkedStep = this.#step;
      this.post({ ...found, f32: await selfTest(this.device) });
    }
    await this.#travel(flow, Number.POSITIVE_INFINITY, signal);
  }

  /** Computes the course of the flow until so many of its densities are known, or all. */
  async #travel(flow: Flow, most: number, signal: AbortSignal): Promise<void> {
    let isMore = true;
    while (isMore && !signal.aborted && (this.#journey?.knownAt(this.#step) ?? most) < most) {
      await this.#between(flow, signal);
      isMore = (await this.#journey?.advance(flow, this.#step, signal)) ?? false;
    }
    await this.#answer(flow);
  }

  /** What matters more than the next piece of work: pictures for who moves in time, and answers. */
  async #between(flow: Flow, signal: AbortSignal): Promise<void> {
    await this.#quiet(signal);
    await this.#answer(flow);
  }

  async #sendSlow(flow: Flow, signal: AbortSignal): Promise<void> {
    const { config, beginning } = this;
    const { recordStep } = await fetchRecording();
    // A run that has not begun goes on from what it was given.
    const checkpoint =
      (await this.#training?.checkpoint()) ?? (beginning?.resume ? beginning.bytes : undefined);
    const found: SlowStep | SlowFailed = await recordStep({
      flow,
      dataset: datasetOf(config, 0),
      config,
      checkpoint,
      keepScaling: this.#keepScaling,
      caution: this.#caution,
      signal,
    }).catch((error: unknown) => {
      if (!isRunaway(error)) throw error;
      return { type: "slow-failed", reason: error.message };
    });
    this.#slow = false;
    this.post(found);
  }

  /** Nothing can be said before the course of the flow has its times. */
  async #answer(flow: Flow): Promise<void> {
    const times = this.#journey?.times ?? [];
    if (times.length === 0) return;
    const { askedOf, inspect, ring } = await fetchCourse();
    const asked = askedOf(flow);
    for (const request of this.#asked.values()) {
      this.#asked.delete(request.type);
      this.post(
        request.type === "ring" ? await ring(asked, request, times) : await inspect(asked, request, times),
      );
    }
  }

  async #sendDensity(flow: Flow, size: number, signal: AbortSignal): Promise<void> {
    const upToDate = this.#sent.densityStep === this.#step && this.#sent.size >= size;
    if (upToDate || !this.#layers.density || !this.#layers.visible || signal.aborted) return;
    const [low, high] = setOf(this.config).window;
    const cells = cellCentres(size, [low, high]);
    const density =
      size > this.#detail.grids[0] && this.#parted
        ? await this.#parted.of(flow, cells, 0, signal)
        : await this.#atOnce(flow, cells, signal);
    const logDensity = await density.data();
    if (this.#scene) this.#scene.density = density;
    const cell = ((high - low) / size) ** 2;
    let mass = 0;
    for (const value of logDensity) mass += Math.exp(value) * cell;
    this.#sent = { ...this.#sent, densityStep: this.#step, size };
    this.post({ type: "frame", step: this.#step, size, logDensity, mass }, [logDensity.buffer]);
  }

  /** In one part, so that nothing else has to be fetched and compiled before the first picture. */
  async #atOnce(flow: Flow, points: Float32Array, signal: AbortSignal): Promise<Tensor> {
    const places = tensor(flow.device, points, [points.length / 2, 2]);
    return logProbOnDevice(flow, places, { signal }).finally(() => places.dispose());
  }

  async #sendSamples(flow: Flow, signal: AbortSignal): Promise<void> {
    const count = Math.min(this.#layers.count, this.#detail.samples);
    const upToDate = this.#sent.samplesStep === this.#step && this.#sent.samples === count;
    if (upToDate || !this.#layers.samples || !this.#layers.visible || signal.aborted) return;
    // The same noise every time, so that the samples move as the flow learns, instead of flickering.
    const samples = await sampleOnDevice(flow, count, { seed: this.config.seed + 1, signal });
    if (this.#scene) this.#scene.samples = samples;
    this.#sent = { ...this.#sent, samplesStep: this.#step, samples: count };
    this.post({ type: "samples", count });
  }

  /** The samples beyond those that are drawn at once, part by part. */
  async #sendCrowd(flow: Flow, signal: AbortSignal): Promise<void> {
    const wanted = this.#layers.count;
    let due = performance.now() + this.#detail.every;
    while (this.#layers.samples && !signal.aborted) {
      await this.#between(flow, signal);
      const count = await this.#journey?.join(flow, wanted, this.#bands.crowd, signal);
      if (count === undefined) return;
      // A picture takes about as long as a part.
      if (count === wanted || performance.now() >= due) {
        this.post({ type: "samples", count: Math.max(count, this.#sent.samples) });
        due = performance.now() + this.#detail.every;
      }
    }
  }
}
