/**
 * A training run: an async iterator over reports, driving one fixed list of dispatches. The GPU keeps the step
 * count, draws its own batches and decides whether a step counts; the CPU submits, and reads a ring of losses and
 * counters once per report, one report behind what it has submitted.
 */
import type { Flow, FlowState } from "../cnf/flow.js";
import type { Dataset } from "../data/dataset.js";
import { klFromData } from "../data/kl.js";
import { standardisation, standardise } from "../data/standardise.js";
import { type Buffer, BufferGroup } from "../gpu/buffer.js";
import { FjordError } from "../gpu/errors.js";
import { copy } from "../gpu/submit.js";
import { STATUS_TEXT } from "../ode/control.js";
import type { Path } from "../ode/execution.js";
import { endTime, readCheckpoint, type Snapshot, writeCheckpoint } from "./checkpoint.js";
import { Optimiser } from "./optimiser.js";
import { type CheckedTraining, checkTraining, learningRate, type TrainOptions } from "./options.js";
import { RING_SLOTS, type RingEntry, type RunState, readRing, readRunState } from "./state.js";
import { createRunBuffers, type RunBuffers, TrainStep } from "./step.js";

export interface TrainReport {
  /** Steps done. */
  readonly step: number;
  /** Mean NLL in nats, in the coordinates of the data, over the steps since the last report. */
  readonly loss: number;
  /** NLL of each of those steps. */
  readonly losses: Float32Array;
  /** Global norm of the last gradient, before clipping. */
  readonly gradNorm: number;
  readonly lr: number;
  /** Evaluations of the field in the last forward and the last reverse solve. */
  readonly nfe: number;
  readonly nfeBackward: number;
  /** Mean NLL of the held-out rows, when they were evaluated at this step. */
  readonly heldOut?: number;
  /** KL(data ‖ model) in nats on the held-out rows, where the data's density is known. */
  readonly kl?: number;
  /** Since the run began. */
  readonly seconds: number;
  readonly stepsPerSecond: number;
}

/** Masked steps an adaptive solve is given at first, and at most. */
const FIRST_SOLVER_STEPS = 16;
const MOST_SOLVER_STEPS = 1024;
/** Milliseconds of work in one submission, by the time steps were seen to take. */
const SUBMIT_MS = 100;

/** Steps submitted together, and what the ring says of them. */
interface Chunk {
  readonly read: Promise<{ entries: RingEntry[]; state: RunState }>;
}

/** Made by {@link train}. Iterate over it once. */
export class TrainRun implements AsyncIterable<TrainReport> {
  readonly #checked: CheckedTraining;
  readonly #resume: ReturnType<typeof readCheckpoint> | undefined;
  readonly #standardise: boolean;
  readonly #signal: AbortSignal | undefined;
  #live: Live | undefined;
  #ended: Snapshot | undefined;
  #path: Path | undefined;
  #started = false;

  constructor(
    readonly flow: Flow,
    readonly dataset: Dataset,
    options: TrainOptions,
  ) {
    const { resume, signal, standardise: scale = true, ...rest } = options;
    this.#resume = resume && readCheckpoint(resume, flow);
    const saved = this.#resume?.plan ?? {};
    const { clip, ema, ...plan } = saved;
    // What the options leave out is as it was when the checkpoint was written.
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const merged = { ...plan, ...(clip ? { clip } : {}), ...(ema ? { ema } : {}), ...given } as TrainOptions;
    this.#checked = checkTraining(flow, dataset, merged);
    this.#standardise = scale;
    this.#signal = signal;
  }

  /** What was changed of the request, e.g. a tolerance below the f32 floor. */
  get warnings(): readonly string[] {
    return this.#checked.warnings;
  }

  /** The run as it stands: a model file that `resume` continues from. During the run or after it. */
  async checkpoint(): Promise<Uint8Array> {
    const snapshot = this.#live ? await this.#live.snapshot() : this.#ended;
    if (!snapshot) {
      throw new FjordError(
        "bad-argument",
        "The run has not begun, so there is nothing to save.",
        "Iterate over it first.",
      );
    }
    // The path decides the order of summation, hence the bits: a resumed run keeps it.
    const { plan } = this.#checked;
    const solver = { ...plan.solver, path: this.#path ?? plan.solver.path };
    return writeCheckpoint(this.flow, await this.flow.T(), { ...plan, solver }, snapshot);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TrainReport, void, void> {
    if (this.#started)
      throw new FjordError("bad-argument", "A run can be iterated over once.", "Call train again.");
    this.#started = true;
    const { flow, dataset } = this;
    const live = await Live.create(flow, dataset, this.#checked, this.#resume, this.#standardise);
    this.#live = live;
    this.#path = live.path;
    try {
      yield* live.reports(this.#signal);
    } finally {
      // A lost device has nothing left to save; its error is already on its way to the caller.
      this.#ended = await live.finish().catch(() => undefined);
      this.#live = undefined;
      live.dispose();
    }
  }
}

/** A run's GPU side. */
class Live {
  readonly #began = performance.now();
  readonly #startStep: number;
  #submitted: number;
  #attempts = 0;
  #stepsPerSubmit = 1;

  private constructor(
    private readonly flow: Flow,
    private readonly dataset: Dataset,
    private readonly checked: CheckedTraining,
    private readonly state: FlowState,
    private readonly run: RunBuffers,
    private readonly optimiser: Optimiser,
    private step: TrainStep,
    private readonly spare: Buffer,
    private readonly group: BufferGroup,
    startStep: number,
  ) {
    this.#startStep = startStep;
    this.#submitted = startStep;
  }

  static async create(
    flow: Flow,
    dataset: Dataset,
    checked: CheckedTraining,
    resume: ReturnType<typeof readCheckpoint> | undefined,
    scale: boolean,
  ): Promise<Live> {
    const { device } = flow;
    const { plan, steps, backward } = checked;
    const state = await flow.state();
    if (resume) flow.standardisation = resume.model.standardisation;
    else if (scale && !flow.standardisation)
      flow.standardisation = standardisation(dataset.points, dataset.dim);
    const points = flow.standardisation ? standardise(dataset.points, flow.standardisation) : dataset.points;
    const count = flow.field.paramCount;
    const trained = count + (flow.trainT ? 1 : 0);
    return BufferGroup.filled(async (group) => {
      const step = resume?.snapshot.step ?? 0;
      const run = createRunBuffers(device, group, points, dataset.rows, plan.seed, step);
      const optimiser = group.add(await Optimiser.create(device, plan, trained, count));
      const spare = group.add(device.buffer({ label: "spare theta", size: (count + 1) * 4 }));
      if (resume) restore(flow, state, optimiser, resume.snapshot, resume.model.T ?? 1);
      else if (plan.ema > 0)
        device.run([copy(state.weights.theta.words(0, trained), optimiser.average.words(0, trained))]);
      const adaptive = steps.fixedSteps === 0 || (plan.gradient !== "discrete" && backward.fixedSteps === 0);
      const solverSteps = adaptive ? FIRST_SOLVER_STEPS : 0;
      const trainStep = await device.allocate("the training step", () =>
        TrainStep.create(device, state, checked, run, optimiser, flow.trainT, solverSteps),
      );
      return new Live(flow, dataset, checked, state, run, optimiser, trainStep, spare, group, step);
    });
  }

  get path(): Path {
    return this.step.forward.path;
  }

  async *reports(signal: AbortSignal | undefined): AsyncGenerator<TrainReport, void, void> {
    let ahead: Chunk | undefined;
    const { steps } = this.checked.plan;
    while ((ahead || this.#submitted < steps) && !signal?.aborted) {
      const chunk = ahead ?? this.#submit();
      // One report ahead, so that the GPU has work while its numbers travel; not past a step that is evaluated.
      ahead = this.#submitted < steps && !this.#evaluatesAt(this.#submitted) ? this.#submit() : undefined;
      let { entries, state } = await chunk.read;
      if (ahead && (state.halted || entries.some((entry) => !entry.counted))) {
        const rest = await ahead.read;
        ahead = undefined;
        entries = [...entries, ...rest.entries];
        state = rest.state;
      }
      const counted = entries.filter((entry) => entry.counted);
      if (counted.length > 0) yield await this.#report(counted, ahead === undefined);
      if (state.halted) throw this.#haltError(state, entries);
      if (counted.length < entries.length) await this.#grow(state.step);
    }
  }

  /** Submits the steps up to the next report. */
  #submit(): Chunk {
    const { plan } = this.checked;
    const { device } = this.flow;
    const stops = [plan.reportEvery, plan.evaluateEvery].filter((every) => every > 0);
    const next = Math.min(
      plan.steps,
      ...stops.map((every) => (Math.floor(this.#submitted / every) + 1) * every),
    );
    const count = next - this.#submitted;
    this.optimiser.writeRates(this.#submitted, count);
    for (let done = 0; done < count; done += this.#stepsPerSubmit) {
      const now = Math.min(this.#stepsPerSubmit, count - done);
      device.run(Array.from({ length: now }, () => this.step.commands).flat(), "training steps");
    }
    const firstAttempt = this.#attempts % RING_SLOTS;
    this.#attempts += count;
    this.#submitted = next;
    const read = Promise.all([device.readF32(this.run.ring), device.read(this.run.state)]).then(
      ([ring, state]) => ({
        entries: readRing(ring, firstAttempt, count),
        state: readRunState(state),
      }),
    );
    // Awaited in its turn; until then a loss of the device must not count as unhandled.
    read.catch(() => {});
    return { read };
  }

  #evaluatesAt(step: number): boolean {
    const { evaluateEvery, steps } = this.checked.plan;
    return evaluateEvery > 0 && (step % evaluateEvery === 0 || step === steps);
  }

  async #report(counted: readonly RingEntry[], nothingAhead: boolean): Promise<TrainReport> {
    const { flow, checked } = this;
    const last = counted[counted.length - 1]!;
    const step = last.step + 1;
    const scale = flow.standardisation?.std.reduce((sum, std) => sum + Math.log(std), 0) ?? 0;
    const losses = Float32Array.from(counted, (entry) => entry.loss + scale);
    const evaluated = nothingAhead && this.#evaluatesAt(step) ? await this.#evaluate() : {};
    const seconds = (performance.now() - this.#began) / 1000;
    const stepsPerSecond = (step - this.#startStep) / Math.max(seconds, 1e-3);
    this.#stepsPerSubmit = Math.max(
      1,
      Math.min(counted.length, Math.floor((SUBMIT_MS / 1000) * stepsPerSecond)),
    );
    return {
      step,
      loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
      losses,
      gradNorm: last.gradNorm,
      lr: learningRate(checked.plan, last.step),
      nfe: last.nfe,
      nfeBackward: last.nfeBackward,
      ...evaluated,
      seconds,
      stepsPerSecond,
    };
  }

  /** Held-out NLL and KL, by the average of θ where one is kept. */
  async #evaluate(): Promise<{ heldOut?: number; kl?: number }> {
    const { dataset, flow, spare, state } = this;
    if (dataset.heldOut.length === 0) return {};
    const { theta } = state.weights;
    const words = theta.size / 4;
    const averaged = this.checked.plan.ema > 0;
    if (averaged) {
      flow.device.run([copy(theta.words(0, words), spare.words(0, words)), ...this.#averageIntoTheta()]);
    }
    const logProb = await flow.logProb(dataset.heldOut);
    if (averaged)
      flow.device.run([
        copy(spare.words(0, words), theta.words(0, words)),
        ...state.weights.repack,
        ...this.step.endTime,
      ]);
    const heldOut = -logProb.reduce((sum, value) => sum + value, 0) / logProb.length;
    return { heldOut, ...(dataset.logDensity && { kl: klFromData(dataset, logProb).nats }) };
  }

  #averageIntoTheta() {
    const { optimiser, state, step } = this;
    const { theta, repack } = state.weights;
    const { average, count } = optimiser;
    return [copy(average.words(0, count), theta.words(0, count)), ...repack, ...step.endTime];
  }

  #haltError(state: RunState, entries: readonly RingEntry[]): FjordError {
    const bad = entries.find((entry) => !entry.counted);
    const cause =
      state.reason === "ok"
        ? `the loss is ${bad?.loss} and the gradient's norm ${bad?.gradNorm}`
        : STATUS_TEXT[state.reason].replace(/\.$/, "");
    return new FjordError(
      "non-finite",
      `Training stopped at step ${state.step + 1}: ${cause}. The parameters are those of step ${state.step}.`,
      "Lower the learning rate, clip the gradient, or take more or finer solver steps.",
    );
  }

  /** A solve needed more steps than were submitted: twice as many from here on. */
  async #grow(step: number): Promise<void> {
    const solverSteps = this.step.solverSteps * 2;
    if (this.step.solverSteps === 0 || solverSteps > MOST_SOLVER_STEPS) {
      throw new FjordError(
        "solve-failed",
        `Training stopped at step ${step + 1}: a solve needs more than ${this.step.solverSteps} steps.`,
        "Raise rtol, or train with fixed steps.",
      );
    }
    const { flow, checked, state, run, optimiser } = this;
    this.step.dispose();
    this.step = await flow.device.allocate("the training step", () =>
      TrainStep.create(flow.device, state, checked, run, optimiser, flow.trainT, solverSteps),
    );
    this.#submitted = step;
  }

  /** All reads are queued in one turn, so they see the run at one step. */
  async snapshot(): Promise<Snapshot> {
    const { flow, optimiser, state, run, checked } = this;
    const { device } = flow;
    const [runState, trained, m, v, average] = await Promise.all([
      device.read(run.state),
      device.readF32(state.weights.theta),
      device.readF32(optimiser.m),
      device.readF32(optimiser.v),
      checked.plan.ema > 0 ? device.readF32(optimiser.average) : Promise.resolve(new Float32Array()),
    ]);
    return { step: readRunState(runState).step, trained, m, v, average };
  }

  /** The end: what a checkpoint needs, and the average as the flow's θ. */
  async finish(): Promise<Snapshot> {
    const snapshot = await this.snapshot();
    if (this.checked.plan.ema > 0) this.flow.device.run(this.#averageIntoTheta());
    return snapshot;
  }

  dispose(): void {
    this.step.dispose();
    this.group.dispose();
  }
}

function restore(flow: Flow, state: FlowState, optimiser: Optimiser, snapshot: Snapshot, T: number): void {
  const { device } = flow;
  const { trained, m, v, average } = snapshot;
  device.write(state.weights.theta, trained);
  device.write(optimiser.m, m);
  device.write(optimiser.v, v);
  // A run that kept no average begins one here.
  const last = average.length > 0 ? average : trained.subarray(0, optimiser.count);
  if (optimiser.plan.ema > 0) device.write(optimiser.average, last);
  device.write(state.interval, new Float32Array([0, flow.trainT ? endTime(trained, flow) : T]));
  device.run(state.weights.repack);
}

/**
 * Trains a flow by maximum likelihood (FFJORD, arXiv:1810.01367). Iterate over the run; it ends after
 * `options.steps`, when the loop is left, or when the signal fires. The flow holds the parameters all along.
 * @throws ArgumentError, DataError, FileFormatError (a checkpoint that does not fit) before anything is changed;
 *   FjordError `non-finite` when a step cannot be taken: the parameters are those of the last good step
 */
export function train(flow: Flow, dataset: Dataset, options: TrainOptions): TrainRun {
  return new TrainRun(flow, dataset, options);
}
