/**
 * A run's GPU side: it drives one fixed list of dispatches in each phase. The GPU keeps the step count, draws its own
 * batches and decides whether a step counts; the CPU submits, and reads a ring of losses and counters once per
 * report, one report behind what it has submitted.
 */
import type { Flow } from "../cnf/flow.js";
import type { Dataset } from "../data/dataset.js";
import { klFromData } from "../data/kl.js";
import { standardisation, standardise } from "../data/standardise.js";
import { BufferGroup } from "../gpu/buffer.js";
import { FjordError } from "../gpu/errors.js";
import { STATUS_TEXT } from "../ode/control.js";
import { type Checkpoint, endTime, type Snapshot } from "./checkpoint.js";
import { settleLayouts } from "./layouts.js";
import type { Optimiser } from "./optimiser.js";
import type { CheckedTraining, SettledTraining } from "./options.js";
import { LikelihoodPhase, type Phase, type PhaseName, type Subject, WarmStartPhase } from "./phase.js";
import { learningRate } from "./schedule.js";
import { RING_SLOTS, type RingEntry, type RunState, readRing, readRunState } from "./state.js";

export interface TrainReport {
  /** What the steps did; each phase counts its own. */
  readonly phase: PhaseName;
  /** Steps of the phase done. */
  readonly step: number;
  /**
   * Mean over the steps since the last report. "likelihood": NLL in nats, in the coordinates of the data.
   * "warm-start": squared error of the field, mean over the batch, summed over the columns, in standardised
   * coordinates; it does not go to 0, since paths cross.
   */
  readonly loss: number;
  /** Of each of those steps. */
  readonly losses: Float32Array;
  /** Global norm of the last gradient, before clipping. */
  readonly gradNorm: number;
  readonly lr: number;
  /** Evaluations of the field in the last forward and the last reverse solve; 1 and 0 in the warm start. */
  readonly nfe: number;
  readonly nfeBackward: number;
  /** Mean NLL of the held-out rows, when they were evaluated at this step. */
  readonly heldOut?: number;
  /** KL(data ‖ model) in nats on the held-out rows, where the data's density is known. */
  readonly kl?: number;
  /** Since the run began. */
  readonly seconds: number;
  /** Of the phase. */
  readonly stepsPerSecond: number;
}

/** Milliseconds of work in one submission, by the time steps were seen to take. */
const SUBMIT_MS = 100;

/** Steps submitted together, and what the ring says of them. */
interface Chunk {
  readonly read: Promise<{ entries: RingEntry[]; state: RunState }>;
}

/** A run's GPU side. */
export class Live {
  readonly #began = performance.now();
  #phaseBegan = this.#began;
  #startStep: number;
  #submitted: number;
  #attempts = 0;
  #stepsPerSubmit = 1;

  private constructor(
    private readonly subject: Subject,
    private readonly dataset: Dataset,
    private readonly checked: SettledTraining,
    private phase: Phase,
    private readonly group: BufferGroup,
    startStep: number,
  ) {
    this.#startStep = startStep;
    this.#submitted = startStep;
  }

  static async create(
    flow: Flow,
    dataset: Dataset,
    asked: CheckedTraining,
    resume: Checkpoint | undefined,
    scale: boolean,
  ): Promise<Live> {
    const { device } = flow;
    const { plan } = asked;
    const state = await flow.state();
    const layouts = await settleLayouts(device, state.weights, asked);
    const checked = { ...asked, layouts };
    if (resume) flow.standardisation = resume.model.standardisation;
    else if (scale && !flow.standardisation)
      flow.standardisation = standardisation(dataset.points, dataset.dim);
    const points = flow.standardisation ? standardise(dataset.points, flow.standardisation) : dataset.points;
    return BufferGroup.filled(async (group) => {
      const buffer = group.add(device.buffer({ label: "training data", data: points }));
      const subject = { flow, state, rows: { buffer, count: dataset.rows } };
      const step = resume?.snapshot.step ?? 0;
      const { warmStart } = plan;
      const warm = resume ? resume.snapshot.phase === "warm-start" : (warmStart?.steps ?? 0) > 0;
      const phase =
        warm && warmStart && layouts.warmStart
          ? await WarmStartPhase.create(subject, warmStart, plan.seed, step, layouts.warmStart)
          : await LikelihoodPhase.create(subject, checked, step);
      if (resume) restore(subject, phase.optimiser, resume.snapshot, resume.model.T ?? 1);
      return new Live(subject, dataset, checked, phase, group, step);
    });
  }

  async *reports(signal: AbortSignal | undefined): AsyncGenerator<TrainReport, void, void> {
    yield* this.#phaseReports(signal);
    if (this.phase.name === "likelihood" || this.checked.plan.steps === 0 || signal?.aborted) return;
    const next = await LikelihoodPhase.create(this.subject, this.checked, 0);
    this.phase.dispose();
    this.phase = next;
    this.#phaseBegan = performance.now();
    this.#startStep = 0;
    this.#submitted = 0;
    this.#attempts = 0;
    this.#stepsPerSubmit = 1;
    yield* this.#phaseReports(signal);
  }

  async *#phaseReports(signal: AbortSignal | undefined): AsyncGenerator<TrainReport, void, void> {
    let ahead: Chunk | undefined;
    const { steps } = this.phase.optimiser.plan;
    while ((ahead || this.#submitted < steps) && !signal?.aborted) {
      const chunk = ahead ?? this.#submit();
      ahead = this.#mayRunAhead() ? this.#submit() : undefined;
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
      if (counted.length < entries.length) {
        await this.phase.grow(state.step);
        this.#submitted = state.step;
      }
    }
  }

  /**
   * One report ahead, so that the GPU has work while its numbers travel; not past a step that is evaluated, nor where
   * every step is to be looked at.
   */
  #mayRunAhead(): boolean {
    const more = this.#submitted < this.phase.optimiser.plan.steps;
    return more && this.checked.plan.reportEvery > 1 && !this.#evaluatesAt(this.#submitted);
  }

  /** Submits the steps up to the next report. */
  #submit(): Chunk {
    const { optimiser, run } = this.phase;
    const { reportEvery, evaluateEvery } = this.checked.plan;
    const { device } = this.subject.flow;
    // The commands of a step hold its buffers without asking whether they are still there.
    if (this.subject.state.weights.theta.isDisposed) {
      throw new FjordError("disposed", "The flow was disposed of during its training.");
    }
    const stops = [reportEvery, evaluateEvery].filter((every) => every > 0);
    const next = Math.min(
      optimiser.plan.steps,
      ...stops.map((every) => (Math.floor(this.#submitted / every) + 1) * every),
    );
    const count = next - this.#submitted;
    optimiser.writeRates(this.#submitted, count);
    this.#send(count);
    const firstAttempt = this.#attempts % RING_SLOTS;
    this.#attempts += count;
    this.#submitted = next;
    const read = Promise.all([device.readF32(run.ring), device.read(run.state)]).then(([ring, state]) => ({
      entries: readRing(ring, firstAttempt, count),
      state: readRunState(state),
    }));
    // Awaited in its turn; until then a loss of the device must not count as unhandled.
    read.catch(() => {});
    return { read };
  }

  /**
   * Steps that are short share a submission, by the time they take and by their work; a step of more work than a
   * submission may have takes several. Nothing waits between them, so that whatever is read, stopped or changed meanwhile
   * finds every step whole or not begun.
   */
  #send(count: number): void {
    const { device } = this.subject.flow;
    const { parts } = this.phase;
    const [first, ...others] = parts;
    if (others.length > 0) {
      for (let step = 0; step < count; step++) {
        for (const { commands } of parts) device.run(commands, "part of a training step");
      }
      return;
    }
    const { commands, work } = first!;
    const perSubmit = Math.max(1, Math.min(this.#stepsPerSubmit, Math.floor(device.workPerSubmit / work)));
    for (let done = 0; done < count; done += perSubmit) {
      const now = Math.min(perSubmit, count - done);
      device.run(Array.from({ length: now }, () => commands).flat(), "training steps");
    }
  }

  #evaluatesAt(step: number): boolean {
    const { evaluateEvery } = this.checked.plan;
    const { steps } = this.phase.optimiser.plan;
    return evaluateEvery > 0 && (step % evaluateEvery === 0 || step === steps);
  }

  async #report(counted: readonly RingEntry[], nothingAhead: boolean): Promise<TrainReport> {
    const { name, optimiser } = this.phase;
    const last = counted[counted.length - 1]!;
    const step = last.step + 1;
    const scale = name === "likelihood" ? this.#logScale() : 0;
    const losses = Float32Array.from(counted, (entry) => entry.loss + scale);
    const evaluated = nothingAhead && this.#evaluatesAt(step) ? await this.#evaluate() : {};
    const now = performance.now();
    const stepsPerSecond = (1000 * (step - this.#startStep)) / Math.max(now - this.#phaseBegan, 1);
    this.#stepsPerSubmit = Math.max(
      1,
      Math.min(counted.length, Math.floor((SUBMIT_MS / 1000) * stepsPerSecond)),
    );
    return {
      phase: name,
      step,
      loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
      losses,
      gradNorm: last.gradNorm,
      lr: learningRate(optimiser.plan, last.step),
      nfe: last.nfe,
      nfeBackward: last.nfeBackward,
      ...evaluated,
      seconds: (now - this.#began) / 1000,
      stepsPerSecond,
    };
  }

  /** Σ ln std: what the NLL of the data has more than that of the scaled data. */
  #logScale(): number {
    return this.subject.flow.standardisation?.std.reduce((sum, std) => sum + Math.log(std), 0) ?? 0;
  }

  /** Held-out NLL and KL, by the average of θ where one is kept. */
  async #evaluate(): Promise<{ heldOut?: number; kl?: number }> {
    const { dataset, phase } = this;
    const { flow } = this.subject;
    if (dataset.heldOut.length === 0) return {};
    flow.device.run(phase.averageIntoTheta);
    const logProb = await flow.logProb(dataset.heldOut);
    flow.device.run(phase.thetaBack);
    const heldOut = -logProb.reduce((sum, value) => sum + value, 0) / logProb.length;
    return { heldOut, ...(dataset.logDensity && { kl: klFromData(dataset, logProb).nats }) };
  }

  #haltError(state: RunState, entries: readonly RingEntry[]): FjordError {
    const bad = entries.find((entry) => !entry.counted);
    const cause =
      state.reason === "ok"
        ? `the loss is ${bad?.loss} and the gradient's norm ${bad?.gradNorm}`
        : STATUS_TEXT[state.reason].replace(/\.$/, "");
    const warm = this.phase.name === "warm-start";
    const which = `step ${state.step + 1}${warm ? " of the warm start" : ""}`;
    return new FjordError(
      "non-finite",
      `Training stopped at ${which}: ${cause}. The parameters are those of step ${state.step}.`,
      warm
        ? "Lower warmStart.lr, or give warmStart.clip."
        : "Lower the learning rate, clip the gradient, or take more or finer solver steps.",
    );
  }

  /** All reads are queued in one turn, so they see the run at one step. */
  async snapshot(): Promise<Snapshot> {
    const { flow, state } = this.subject;
    const { name, optimiser, run } = this.phase;
    const { device } = flow;
    const [runState, trained, m, v, average] = await Promise.all([
      device.read(run.state),
      device.readF32(state.weights.theta),
      device.readF32(optimiser.m),
      device.readF32(optimiser.v),
      optimiser.plan.ema > 0 ? device.readF32(optimiser.average) : Promise.resolve(new Float32Array()),
    ]);
    const { layouts } = this.checked;
    return { phase: name, step: readRunState(runState).step, trained, m, v, average, layouts };
  }

  /** The end: what a checkpoint needs, and the average as the flow's θ. */
  async finish(): Promise<Snapshot> {
    const snapshot = await this.snapshot();
    this.subject.flow.device.run(this.phase.averageIntoTheta);
    return snapshot;
  }

  dispose(): void {
    this.phase.dispose();
    this.group.dispose();
  }
}

function restore({ flow, state }: Subject, optimiser: Optimiser, snapshot: Snapshot, T: number): void {
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
