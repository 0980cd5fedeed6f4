/**
 * One training step as a fixed list of dispatches: draw a batch → solve → loss → reverse solve → reduce → judge →
 * Adam → repack. It is encoded once and replayed: no allocation, no map, no read-back inside it. Adaptive solves
 * are given a number of masked steps; a step whose solve needed more does not count and is tried again.
 */

import type { FlowState } from "../cnf/flow.js";
import { draw as drawModule } from "../generated/train/draw.js";
import { endTime as endTimeModule } from "../generated/train/end_time.js";
import { nll as nllModule } from "../generated/train/nll.js";
import { type Buffer, BufferGroup, type BufferView } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { type Command, copy, foldedGrid } from "../gpu/submit.js";
import type { Adjoint, Forward } from "../ode/execution.js";
import { createAdjoint, createForward } from "../ode/paths.js";
import { likelihoodSolve } from "./layouts.js";
import type { Optimiser } from "./optimiser.js";
import type { CheckedTraining } from "./options.js";
import { joinParts, light, type Part, solveParts } from "./parts.js";
import type { RunBuffers } from "./state.js";
import { Update } from "./update.js";

/** The resident data. */
export interface Rows {
  /** f32 [count, D], standardised. */
  readonly buffer: Buffer;
  readonly count: number;
}

export class TrainStep {
  private constructor(
    readonly forward: Forward,
    readonly adjoint: Adjoint,
    /** The whole step, in one submission where its work allows it. */
    readonly parts: readonly Part[],
    /** The interval from τ behind θ; empty where T is not trained. */
    readonly endTime: readonly Command[],
    /** Solver steps submitted forward and backward; 0 where they are fixed. */
    readonly solverSteps: number,
    private readonly group: BufferGroup,
  ) {}

  /** @param solverSteps masked steps an adaptive solve is given */
  static async create(
    device: Device,
    flow: FlowState,
    training: CheckedTraining,
    rows: Rows,
    run: RunBuffers,
    optimiser: Optimiser,
    trainT: boolean,
    solverSteps: number,
  ): Promise<TrainStep> {
    const { plan, steps, backward } = training;
    return BufferGroup.filled(async (group) => {
      const adaptive = steps.fixedSteps === 0;
      const discrete = plan.gradient === "discrete";
      const forward = group.add(
        await createForward(
          device,
          { kind: "mlp", weights: flow.weights },
          {
            // Room for one more than can be taken: a full tape would end the solve for good, and it shall be tried again.
            ...likelihoodSolve(training, solverSteps + 1),
            probeKey: run.probeKey,
            regularise: plan.regularise,
            layout: training.layouts?.likelihood,
          },
        ),
      );
      const adjoint = group.add(await createAdjoint(forward, discrete ? undefined : backward));
      device.run([copy(flow.interval.words(0, 2), forward.interval.words(0, 2))]);
      const kernels = await loadKernels(device);
      const ending = await Update.create(device, group, optimiser.count);
      const nll = forward.nll ?? group.add(device.buffer({ label: "nll", size: plan.batch * 4 }));
      const { packing, theta } = flow.weights;
      const setInterval = { params: { parameters: packing.paramCount }, theta, interval: flow.interval };
      const endTime = trainT ? [kernels.setInterval.bind(setInterval, [1, 1, 1])] : [];
      const context = {
        device,
        flow,
        training,
        rows,
        run,
        optimiser,
        trainT,
        forward,
        adjoint,
        kernels,
        ending,
        nll,
      };
      const ahead = forward.steps();
      const back = adjoint.steps(steps.fixedSteps);
      const aheadCount = ahead.count ?? Math.ceil(solverSteps / (ahead.tries ?? 1));
      const backCount =
        (forward.path === "layered" && discrete && adaptive ? undefined : back.count) ??
        Math.ceil(solverSteps / (back.tries ?? 1));
      const parts = [
        light(start(context)),
        ...solveParts(ahead, aheadCount),
        light(loss(context)),
        ...solveParts(back, backCount),
        light([...(trainT ? adjoint.ends() : []), ...update(context), ...endTime]),
      ];
      const used = adaptive || back.count === undefined ? solverSteps : 0;
      return new TrainStep(forward, adjoint, joinParts(parts, device.workPerSubmit), endTime, used, group);
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
  readonly rows: Rows;
  readonly run: RunBuffers;
  readonly optimiser: Optimiser;
  readonly trainT: boolean;
  readonly forward: Forward;
  readonly adjoint: Adjoint;
  readonly kernels: Awaited<ReturnType<typeof loadKernels>>;
  readonly ending: Update;
  readonly nll: BufferView;
}

/** The interval and the batch. */
function start({ flow, training, rows, run, forward, trainT, kernels }: Context): Command[] {
  const { batch } = training.plan;
  const { batchKey: key } = run;
  const params = { samples: batch, dim: forward.dim, count: rows.count };
  const grid = foldedGrid(Math.ceil(batch / 64));
  return [
    ...(trainT ? [copy(flow.interval.words(0, 2), forward.interval.words(0, 2))] : []),
    kernels.draw.bind({ params, key, rows: rows.buffer, state: forward.state }, grid),
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

/** The end time's gradient, and what ends every step. */
function update(context: Context): Command[] {
  const { flow, training, run, optimiser, trainT, forward, adjoint, kernels, ending, nll } = context;
  const { packing, theta } = flow.weights;
  const { thetaBar } = adjoint;
  const { batch, clip } = training.plan;
  const endTime = {
    params: { parameters: packing.paramCount },
    theta,
    interval_bar: adjoint.intervalBar,
    theta_bar: thetaBar,
  };
  const result = { batch, losses: nll, thetaBar, forward: forward.control, backward: adjoint.control, clip };
  return [
    ...(trainT ? [kernels.endTimeGradient.bind(endTime, [1, 1, 1])] : []),
    ...ending.commands(result, run, optimiser, flow.weights),
  ];
}

async function loadKernels(device: Device) {
  const [draw, nll, setInterval, endTimeGradient] = await Promise.all([
    device.kernel(drawModule, "main"),
    device.kernel(nllModule, "main"),
    device.kernel(endTimeModule, "set_interval"),
    device.kernel(endTimeModule, "gradient"),
  ]);
  return { draw, nll, setInterval, endTimeGradient };
}
