/** The two phases of a run: flow matching, where it is asked for, then maximum likelihood on the same weights. */
import type { Flow, FlowState } from "../cnf/flow.js";
import { type Buffer, BufferGroup } from "../gpu/buffer.js";
import { FjordError } from "../gpu/errors.js";
import { type Command, copy } from "../gpu/submit.js";
import type { Layout } from "../ode/layout.js";
import { PURPOSE } from "../tensor/random.js";
import { MatchStep } from "./match.js";
import { Optimiser } from "./optimiser.js";
import type { CheckedTraining } from "./options.js";
import type { Part } from "./parts.js";
import { createRunBuffers, type RunBuffers } from "./state.js";
import { type Rows, TrainStep } from "./step.js";
import { type WarmPlan, warmOptimiser } from "./warm-start.js";

export const PHASES = ["warm-start", "likelihood"] as const;
export type PhaseName = (typeof PHASES)[number];

/** What a phase trains on. */
export interface Subject {
  readonly flow: Flow;
  readonly state: FlowState;
  readonly rows: Rows;
}

export interface Phase {
  readonly name: PhaseName;
  /** With the plan of its steps and rates. */
  readonly optimiser: Optimiser;
  readonly run: RunBuffers;
  /** One step, in one submission where its work allows it. */
  readonly parts: readonly Part[];
  /** Makes the average of θ the flow's θ, and back; empty where none is kept. */
  readonly averageIntoTheta: readonly Command[];
  readonly thetaBack: readonly Command[];
  /** A solve of step `step` (from 0) needed more steps than were submitted: more from here on. */
  grow(step: number): Promise<void>;
  dispose(): void;
}

export class WarmStartPhase implements Phase {
  readonly name = "warm-start";
  readonly averageIntoTheta = [];
  readonly thetaBack = [];

  private constructor(
    readonly optimiser: Optimiser,
    readonly run: RunBuffers,
    readonly parts: readonly Part[],
    private readonly group: BufferGroup,
  ) {}

  /** @param step steps of the phase taken so far */
  static async create(
    subject: Subject,
    plan: WarmPlan,
    seed: number,
    step: number,
    layout: Layout,
  ): Promise<WarmStartPhase> {
    const { flow, state, rows } = subject;
    const { device } = flow;
    const count = flow.field.paramCount;
    return device.allocate("the warm start", () =>
      BufferGroup.filled(async (group) => {
        const run = createRunBuffers(device, group, seed, step, PURPOSE.matchRows);
        const optimiser = group.add(await Optimiser.create(device, warmOptimiser(plan), count, count));
        const match = group.add(await MatchStep.create(device, state, plan, rows, run, optimiser, layout));
        return new WarmStartPhase(optimiser, run, match.parts, group);
      }),
    );
  }

  /** Nothing is solved, so nothing can run out of steps. */
  async grow(): Promise<void> {}

  dispose(): void {
    this.group.dispose();
  }
}

/** Masked steps an adaptive solve is given at first, and at most. */
const FIRST_SOLVER_STEPS = 16;
const MOST_SOLVER_STEPS = 1024;

export class LikelihoodPhase implements Phase {
  readonly name = "likelihood";

  private constructor(
    private readonly subject: Subject,
    private readonly checked: CheckedTraining,
    readonly optimiser: Optimiser,
    readonly run: RunBuffers,
    private step: TrainStep,
    private readonly spare: Buffer,
    private readonly group: BufferGroup,
  ) {}

  /** The average of θ begins as θ. @param step steps of the phase taken so far */
  static async create(subject: Subject, checked: CheckedTraining, step: number): Promise<LikelihoodPhase> {
    const { flow, state } = subject;
    const { device } = flow;
    const { plan, steps, backward } = checked;
    const count = flow.field.paramCount;
    const trained = count + (flow.trainT ? 1 : 0);
    return BufferGroup.filled(async (group) => {
      const run = createRunBuffers(device, group, plan.seed, step, PURPOSE.batch);
      const optimiser = group.add(await Optimiser.create(device, plan, trained, count));
      const spare = group.add(device.buffer({ label: "spare theta", size: (count + 1) * 4 }));
      if (plan.ema > 0)
        device.run([copy(state.weights.theta.words(0, trained), optimiser.average.words(0, trained))]);
      const adaptive = steps.fixedSteps === 0 || (plan.gradient !== "discrete" && backward.fixedSteps === 0);
      const solverSteps = adaptive ? FIRST_SOLVER_STEPS : 0;
      const first = await makeStep(subject, checked, run, optimiser, solverSteps);
      return new LikelihoodPhase(subject, checked, optimiser, run, first, spare, group);
    });
  }

  get parts(): readonly Part[] {
    return this.step.parts;
  }

  get averageIntoTheta(): readonly Command[] {
    const { subject, optimiser, spare, step } = this;
    if (optimiser.plan.ema === 0) return [];
    const { theta, repack } = subject.state.weights;
    const { average, count } = optimiser;
    const words = theta.size / 4;
    const keep = copy(theta.words(0, words), spare.words(0, words));
    return [keep, copy(average.words(0, count), theta.words(0, count)), ...repack, ...step.endTime];
  }

  get thetaBack(): readonly Command[] {
    const { subject, optimiser, spare, step } = this;
    if (optimiser.plan.ema === 0) return [];
    const { theta, repack } = subject.state.weights;
    const words = theta.size / 4;
    return [copy(spare.words(0, words), theta.words(0, words)), ...repack, ...step.endTime];
  }

  /** Twice as many. @throws FjordError `solve-failed` where that is too many */
  async grow(step: number): Promise<void> {
    const solverSteps = this.step.solverSteps * 2;
    if (this.step.solverSteps === 0 || solverSteps > MOST_SOLVER_STEPS) {
      throw new FjordError(
        "solve-failed",
        `Training stopped at step ${step + 1}: a solve needs more than ${this.step.solverSteps} steps.`,
        "Raise rtol, or train with fixed steps.",
      );
    }
    const { subject, checked, run, optimiser } = this;
    this.step.dispose();
    this.step = await makeStep(subject, checked, run, optimiser, solverSteps);
  }

  dispose(): void {
    this.step.dispose();
    this.group.dispose();
  }
}

function makeStep(
  { flow, state, rows }: Subject,
  checked: CheckedTraining,
  run: RunBuffers,
  optimiser: Optimiser,
  solverSteps: number,
): Promise<TrainStep> {
  const { device, trainT } = flow;
  return device.allocate("the training step", () =>
    TrainStep.create(device, state, checked, rows, run, optimiser, trainT, solverSteps),
  );
}
