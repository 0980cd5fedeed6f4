/**
 * One training step as a fixed list of dispatches: draw a batch → solve → loss → reverse solve → reduce → judge →
 * Adam → repack. It is encoded once and replayed: no allocation, no map, no read-back inside it. Adaptive solves
 * are given a number of masked steps; a step whose solve needed more does not count and is tried again.
 */

import type { FlowState } from "../cnf/flow.js";
import { draw as drawModule } from "../generated/train/draw.js";
import { endTime as endTimeModule } from "../generated/train/end_time.js";
import { gradNorm as gradNormModule } from "../generated/train/grad_norm.js";
import { judge as judgeModule } from "../generated/train/judge.js";
import { nll as nllModule } from "../generated/train/nll.js";
import { type Buffer, BufferGroup, type BufferView } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { type Command, copy, foldedGrid } from "../gpu/submit.js";
import type { Adjoint, Forward } from "../ode/execution.js";
import { createAdjoint, createForward } from "../ode/paths.js";
import { commandsOf } from "../ode/runner.js";
import { seedWords } from "../tensor/philox.js";
import { PURPOSE } from "../tensor/random.js";
import type { Optimiser } from "./optimiser.js";
import type { CheckedTraining } from "./options.js";
import { RING_SLOTS, RING_WORDS, STATE_BYTES } from "./state.js";

/** What lives as long as the run, whatever the solvers' step counts. */
export interface RunBuffers {
  /** f32 [rows, D], standardised. */
  readonly rows: Buffer;
  readonly rowCount: number;
  readonly batchKey: Buffer;
  readonly probeKey: Buffer;
  readonly state: Buffer;
  readonly ring: Buffer;
}

export function createRunBuffers(
  device: Device,
  group: BufferGroup,
  points: Float32Array,
  rowCount: number,
  seed: number,
  step: number,
): RunBuffers {
  const key = (purpose: number) => new Uint32Array([...seedWords(seed), purpose, step]);
  const state = new Uint32Array(STATE_BYTES / 4);
  state[0] = step;
  return {
    rows: group.add(device.buffer({ label: "training data", data: points })),
    rowCount,
    batchKey: group.add(device.buffer({ label: "batch key", data: key(PURPOSE.batch) })),
    probeKey: group.add(device.buffer({ label: "probe key", data: key(PURPOSE.probe) })),
    state: group.add(device.buffer({ label: "run state", data: state })),
    ring: group.add(device.buffer({ label: "report ring", size: RING_SLOTS * RING_WORDS * 4 })),
  };
}

/** Workgroups of the gradient norm. */
const NORM_GROUPS = 64;
/** Parameters above which the gradient's norm has a dispatch of its own; below, the verdict adds the squares. */
const NORM_APART = 1 << 15;

export class TrainStep {
  private constructor(
    readonly forward: Forward,
    readonly adjoint: Adjoint,
    /** The whole step. */
    readonly commands: readonly Command[],
    /** The interval from τ behind θ; empty where T is not trained. */
    readonly endTime: readonly Command[],
    /** Solver steps submitted forward and backward; 0 where they are fixed. */
    readonly solverSteps: number,
    /** Multiply-adds. */
    readonly work: number,
    private readonly group: BufferGroup,
  ) {}

  /** @param solverSteps masked steps an adaptive solve is given */
  static async create(
    device: Device,
    flow: FlowState,
    training: CheckedTraining,
    run: RunBuffers,
    optimiser: Optimiser,
    trainT: boolean,
    solverSteps: number,
  ): Promise<TrainStep> {
    const { plan, steps, backward, trace } = training;
    return BufferGroup.filled(async (group) => {
      const adaptive = steps.fixedSteps === 0;
      const discrete = plan.gradient === "discrete";
      // One more than can be taken: a full tape would end the solve for good, and it shall be tried again with more.
      const keep = discrete ? steps.fixedSteps || solverSteps + 1 : 0;
      const forward = group.add(
        await createForward(
          device,
          { kind: "mlp", weights: flow.weights },
          {
            batch: plan.batch,
            plan: steps,
            trace,
            keep,
            loss: true,
            // A step is a solve and its reverse, which costs two more.
            uses: 3 * plan.steps,
            probeKey: run.probeKey,
            backward: discrete ? undefined : backward,
          },
        ),
      );
      const adjoint = group.add(await createAdjoint(forward, discrete ? undefined : backward));
      device.run([copy(flow.interval.words(0, 2), forward.interval.words(0, 2))]);
      const apart = optimiser.count > NORM_APART;
      const kernels = await loadKernels(device, apart);
      const scratch = {
        nll: forward.nll ?? group.add(device.buffer({ label: "nll", size: plan.batch * 4 })),
        norms: group.add(device.buffer({ label: "gradient norms", size: NORM_GROUPS * 4 })),
      };
      const { packing, theta } = flow.weights;
      const setInterval = { params: { parameters: packing.paramCount }, theta, interval: flow.interval };
      const endTime = trainT ? [kernels.setInterval.bind(setInterval, [1, 1, 1])] : [];
      const context = {
        device,
        flow,
        training,
        run,
        optimiser,
        trainT,
        forward,
        adjoint,
        kernels,
        ...scratch,
      };
      const ahead = forward.steps();
      const back = adjoint.steps(steps.fixedSteps);
      const aheadCount = ahead.count ?? Math.ceil(solverSteps / (ahead.tries ?? 1));
      const backCount =
        (forward.path === "layered" && discrete && adaptive ? undefined : back.count) ??
        Math.ceil(solverSteps / (back.tries ?? 1));
      const commands = [
        ...start(context),
        ...ahead.begin,
        ...commandsOf(ahead, 0, aheadCount),
        ...loss(context),
        ...back.begin,
        ...commandsOf(back, 0, backCount),
        ...(back.end ?? []),
        ...(trainT ? adjoint.ends() : []),
        ...update(context),
        ...endTime,
      ];
      const work = ahead.work * aheadCount + back.work * backCount;
      const used = adaptive || back.count === undefined ? solverSteps : 0;
      return new TrainStep(forward, adjoint, commands, endTime, used, work, group);
    });
  }

  dispose(): void {
    this.group.dispose();
  }
}

interface Context {
  readonly device: Device;
  readonly flow: FlowState;
  readonly training: CheckedTraining;
  readonly run: RunBuffers;
  readonly optimiser: Optimiser;
  readonly trainT: boolean;
  readonly forward: Forward;
  readonly adjoint: Adjoint;
  readonly kernels: Awaited<ReturnType<typeof loadKernels>>;
  readonly nll: BufferView;
  readonly norms: Buffer;
}

/** The interval and the batch. */
function start({ flow, training, run, forward, trainT, kernels }: Context): Command[] {
  const { batch } = training.plan;
  const { rows, batchKey: key, rowCount } = run;
  const params = { samples: batch, dim: forward.dim, count: rowCount };
  const grid = foldedGrid(Math.ceil(batch / 64));
  return [
    ...(trainT ? [copy(flow.interval.words(0, 2), forward.interval.words(0, 2))] : []),
    kernels.draw.bind({ params, key, rows, state: forward.state }, grid),
  ];
}

/** NLL of every sample and the cotangents that start the reverse solve. */
function loss({ training, forward, adjoint, kernels, nll }: Context): Command[] {
  if (forward.nll) return [];
  const { batch } = training.plan;
  const { stateBar, deltaBar } = adjoint;
  // Bound on its own where it can be: it may share a buffer with deltaBar, and the two must not overlap.
  const aligned = stateBar.offset % 256 === 0;
  const params = {
    samples: batch,
    dim: forward.dim,
    delta_at: forward.deltaAt,
    bar_at: aligned ? 0 : stateBar.offset / 4,
  };
  const operands = {
    params,
    state: forward.state,
    nll,
    state_bar: aligned ? stateBar : stateBar.buffer,
    delta_bar: deltaBar,
  };
  return [kernels.nll.bind(operands, foldedGrid(Math.ceil(batch / 64)))];
}

/** Gradient norm, verdict, Adam, and the packed weights of the next step. */
function update(context: Context): Command[] {
  const { flow, training, run, optimiser, trainT, forward, adjoint, kernels, nll, norms } = context;
  const { packing, theta, repack } = flow.weights;
  const { thetaBar } = adjoint;
  const apart = optimiser.count > NORM_APART;
  const endTime = {
    params: { parameters: packing.paramCount },
    theta,
    interval_bar: adjoint.intervalBar,
    theta_bar: thetaBar,
  };
  const judge = {
    params: {
      samples: training.plan.batch,
      groups: apart ? NORM_GROUPS : optimiser.count,
      slots: RING_SLOTS,
      clip: training.plan.clip,
    },
    nll,
    partial: apart ? norms : thetaBar,
    forward: forward.control,
    backward: adjoint.control,
    state: run.state,
    batch_key: run.batchKey,
    probe_key: run.probeKey,
    ring: run.ring,
  };
  const norm = { params: { count: optimiser.count }, theta_bar: thetaBar, partial: norms };
  return [
    ...(trainT ? [kernels.endTimeGradient.bind(endTime, [1, 1, 1])] : []),
    ...(apart ? [kernels.norm.bind(norm, [NORM_GROUPS, 1, 1])] : []),
    kernels.judge.bind(judge, [1, 1, 1]),
    ...optimiser.update(run.state, theta, thetaBar),
    ...repack,
  ];
}

async function loadKernels(device: Device, apart: boolean) {
  const [draw, nll, norm, judge, setInterval, endTimeGradient] = await Promise.all([
    device.kernel(drawModule, "main"),
    device.kernel(nllModule, "main"),
    device.kernel(gradNormModule, "main"),
    device.kernel(judgeModule, "main", { SQUARES: apart ? 0 : 1 }),
    device.kernel(endTimeModule, "set_interval"),
    device.kernel(endTimeModule, "gradient"),
  ]);
  return { draw, nll, norm, judge, setInterval, endTimeGradient };
}
