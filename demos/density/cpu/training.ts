/**
 * Training in float64 on the CPU, with the batches, base points, times and probes that a GPU draws from the same seed:
 * the same run, but for rounding. T stays as it is.
 */
import { data, FjordError, METHODS, reference, type Standardisation, trainingBatch } from "fjordgpu";
import { CLIP, type Config, WARM_RATE, WEIGHT_DECAY } from "../config.js";
import type { Progress } from "../protocol.js";
import { slices } from "./breath.js";
import { type CpuFlow, checkSolved } from "./flow.js";

/** Rows of a batch of flow matching, and how many of them share a time: as on the GPU. */
const MATCHES = 512;
const GROUP = 16;
/** A gradient's cost in solves: its own, the stages once more, and the way back. */
const SOLVES = 4;

/** Where a run stands. */
export interface TrainState {
  /** Steps of both phases together. */
  readonly step: number;
  readonly adam: reference.AdamState;
}

/** All that a run in another session takes to go on with the same numbers. */
export interface Float64State extends TrainState {
  readonly scaling: Standardisation | undefined;
}

/** Whether a state that was kept is one of this flow. */
export function isStateOf({ field }: CpuFlow, { adam }: Float64State): boolean {
  return [adam.theta, adam.m, adam.v].every(({ length }) => length === field.paramCount);
}

export interface StepReport {
  readonly phase: Progress["phase"];
  /** Before the step: NLL of its batch in nats, or the error of flow matching. */
  readonly loss: number;
  /** Before clipping. */
  readonly gradNorm: number;
  readonly nfe: number;
  readonly nfeBackward: number;
}

type Gradient = Omit<StepReport, "phase" | "gradNorm"> & { readonly theta: Float64Array };

export class CpuTraining {
  /** Divides the learning rates. */
  caution = 1;
  #state: TrainState;
  /** [rows, 2] in the flow's own coordinates. */
  readonly #points: Float32Array;

  /**
   * @param begin steps that the flow has behind it
   * @param keepScaling whether the flow keeps the scaling it has, or has none
   */
  constructor(
    readonly flow: CpuFlow,
    readonly dataset: data.Dataset,
    public config: Config,
    begin: number,
    keepScaling: boolean,
  ) {
    if (!keepScaling) flow.standardisation = data.standardisation(dataset.points, 2);
    const { standardisation } = flow;
    this.#points = standardisation ? data.standardise(dataset.points, standardisation) : dataset.points;
    this.#state = { step: begin, adam: reference.adamStart(flow.theta) };
  }

  get state(): TrainState {
    return this.#state;
  }

  /** Goes on from an earlier state. */
  set state(state: TrainState) {
    this.#state = state;
    this.flow.theta = state.adam.theta;
  }

  get float64(): Float64State {
    return { ...this.#state, scaling: this.flow.standardisation };
  }

  get isOver(): boolean {
    return this.#state.step >= this.config.warm + this.config.steps;
  }

  /**
   * Takes one step. What is thrown leaves everything as it was, so that the same step can be taken again.
   * @throws FjordError `aborted`, `solve-failed`, `non-finite`
   */
  async step(signal: AbortSignal): Promise<StepReport> {
    const { config, flow } = this;
    const { step, adam } = this.#state;
    const { warm, optimiser } = config;
    const isWarm = step < warm;
    const found = isWarm ? await this.#match(step, signal) : await this.#likelihood(step - warm, signal);
    const gradNorm = Math.sqrt(found.theta.reduce((sum, g) => sum + g * g, 0));
    if (!Number.isFinite(found.loss) || !Number.isFinite(gradNorm)) {
      throw new FjordError(
        "non-finite",
        `Training stopped: the loss is ${found.loss}, the gradient's norm ${gradNorm}.`,
      );
    }
    const next = isWarm
      ? // Falls to 0 at the last step of the warm start.
        reference.adamStep(adam, found.theta, {
          lr: (WARM_RATE * (1 + Math.cos((Math.PI * step) / warm))) / (2 * this.caution),
        })
      : reference.adamStep(
          adam,
          gradNorm > CLIP ? found.theta.map((g) => (g * CLIP) / gradNorm) : found.theta,
          {
            lr: config.lr / this.caution,
            weightDecay: optimiser === "adamw" ? WEIGHT_DECAY : 0,
            decay: "decoupled",
          },
        );
    // Each phase has an optimiser of its own.
    this.state = { step: step + 1, adam: step + 1 === warm ? reference.adamStart(next.theta) : next };
    const { loss, nfe, nfeBackward } = found;
    return isWarm
      ? { phase: "warm-start", loss, gradNorm, nfe, nfeBackward }
      : { phase: "likelihood", loss: loss + flow.logScale, gradNorm, nfe, nfeBackward };
  }

  /** @param step of maximum likelihood, from 0 */
  async #likelihood(step: number, signal: AbortSignal): Promise<Gradient> {
    const { config, flow, dataset } = this;
    const { batch, seed, kinetic, jacobian } = config;
    const own = flow.reference;
    const { mean, std } = flow.standardisation ?? {};
    // Rounded as standardised data are on the GPU.
    const rows = Float64Array.from(trainingBatch(dataset, { batch, seed, step: step + 1 }), (x, i) =>
      mean && std ? Math.fround((x - mean[i % 2]!) / std[i % 2]!) : x,
    );
    const probes = this.#probes(step);
    const theta = new Float64Array(flow.theta.length);
    let [loss, nfe, nfeBackward] = [0, 0, 0];
    for (const { from, to } of slices(batch, SOLVES * flow.cost(probes ? 1 : 2))) {
      const trace = probes
        ? reference.hutchinsonTrace([probes.subarray(2 * from, 2 * to)])
        : reference.exactTrace(to - from, 2);
      const part = reference.negativeLogLikelihood(own, rows.subarray(2 * from, 2 * to), trace);
      const { forward, end } = part;
      checkSolved(forward.solution);
      const { spec, options } = own;
      const regularise = { kinetic, jacobian };
      const gradient = reference.discreteGradient(spec, own.theta, trace, forward, options, end, regularise);
      const share = (to - from) / batch;
      loss += share * part.loss;
      for (let i = 0; i < theta.length; i++) theta[i]! += share * gradient.theta[i]!;
      const { steps, nfe: evaluations } = forward.solution;
      nfe = Math.max(nfe, evaluations);
      nfeBackward = Math.max(nfeBackward, steps.length * METHODS[own.options.method].stages);
      await flow.breath.take(signal);
    }
    return { loss, theta, nfe, nfeBackward };
  }

  #probes(step: number): Float64Array | undefined {
    const { trace, batch, seed } = this.config;
    if (trace === "exact") return undefined;
    const draw = trace === "gaussian" ? reference.randomNormal : reference.randomRademacher;
    return Float64Array.from(draw(2 * batch, { seed, purpose: reference.PURPOSE.probe, step }));
  }

  async #match(step: number, signal: AbortSignal): Promise<Gradient> {
    const { flow } = this;
    const { seed } = this.config;
    const { spec, t1 } = flow.reference;
    const { matchRows, matchBase, matchTimes } = reference.PURPOSE;
    const key = (purpose: number) => ({ seed, purpose, step });
    const rows = reference.randomIndices(MATCHES, this.dataset.rows, key(matchRows));
    const points = Float64Array.from(
      { length: 2 * MATCHES },
      (_, i) => this.#points[2 * rows[i >> 1]! + (i % 2)]!,
    );
    const base = Float64Array.from(reference.randomNormal(2 * MATCHES, key(matchBase)));
    const groups = MATCHES / GROUP;
    // Stratified: one in each of as many parts of the interval.
    const shares = Array.from(reference.randomUniform(groups, key(matchTimes)), (u, g) => (g + u) / groups);
    const theta = new Float64Array(flow.theta.length);
    let loss = 0;
    for (const { from, to } of slices(groups, 3 * GROUP * flow.field.paramCount)) {
      const part = reference.matchGradient(spec, flow.theta, t1, {
        data: points.subarray(2 * GROUP * from, 2 * GROUP * to),
        base: base.subarray(2 * GROUP * from, 2 * GROUP * to),
        shares: shares.slice(from, to),
        group: GROUP,
      });
      const share = (to - from) / groups;
      loss += share * part.loss;
      for (let i = 0; i < theta.length; i++) theta[i]! += share * part.theta[i]!;
      await flow.breath.take(signal);
    }
    return { loss, theta, nfe: 1, nfeBackward: 0 };
  }
}
