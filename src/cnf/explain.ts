/** How a flow's solves are carried out, and what they cost: every path that takes them, run and measured. */
import { type Weights, weightCount } from "../field/weights.js";
import { BufferGroup } from "../gpu/buffer.js";
import type { BufferUse, Device } from "../gpu/device.js";
import { FjordError } from "../gpu/errors.js";
import type { KernelTime } from "../gpu/profile.js";
import { type Calibration, calibrationOf } from "../ode/calibration.js";
import { STATUS_TEXT } from "../ode/control.js";
import { expectedMilliseconds } from "../ode/estimate.js";
import { type Forward, PATHS, type Path } from "../ode/execution.js";
import { FusedForward } from "../ode/fused-forward.js";
import { forwardShape } from "../ode/fused-plan.js";
import { type Layout, tileTrial } from "../ode/layout.js";
import {
  chooseLayout,
  choosePath,
  createAdjoint,
  createForward,
  type SolvePlan,
  solveWork,
  whyLayered,
} from "../ode/paths.js";
import { runSteps, type Steps } from "../ode/runner.js";
import type { TileTrial } from "../ode/tile-trial.js";

export interface SolveCost {
  /** Of one solve: multiply-adds of its layer products by the evaluations it made. */
  readonly multiplyAdds: number;
  /** Evaluations of the field. */
  readonly nfe: number;
  readonly dispatches: number;
  /** GPU memory beside the parameters. */
  readonly bytes: number;
  /** What holds it, the largest first. */
  readonly buffers: readonly BufferUse[];
  /** What the calibration lets expect of one solve, its compilation not counted. */
  readonly expectedMilliseconds: number;
  /** Wall time of one solve, its compilation not counted. */
  readonly milliseconds: number;
  /** GPU time by kernel, from a further solve that is slower for it; undefined where the device has no timestamps. */
  readonly kernels: readonly KernelTime[] | undefined;
}

/** Of the solve, with its layout; the reverse solve of a training step stands beside it. */
export interface PathCost extends SolveCost, Layout {
  readonly reverse?: SolveCost;
  /** Fused, in blocks: what was timed of the tiles that fit, or why nothing was, as the rest of a sentence. */
  readonly tiles?: TileTrial | string;
}

export interface Explanation {
  /** Rows asked for. */
  readonly batch: number;
  /** Solves that a call with so many rows makes, and rows of the largest: the one that was measured. */
  readonly solves: number;
  readonly rows: number;
  /** Of a training step, not of a call. */
  readonly training: boolean;
  /** What is taken. */
  readonly path: Path;
  /** Why, as a sentence. */
  readonly reason: string;
  /** Why the fused path does not take the solve, as a sentence; undefined if it does. */
  readonly refusal: string | undefined;
  /** The adapter's speed, by which paths are chosen. */
  readonly calibration: Calibration;
  readonly costs: readonly PathCost[];
}

/** A solve to explain. */
export interface Explained {
  /** Rows asked for. */
  readonly batch: number;
  /** Of which each solve takes so many at most: options.batch. */
  readonly options: SolvePlan;
  readonly training: boolean;
  /** End of the integration, from data at 0. */
  readonly T: number;
}

/** Of one evaluation: evaluating again, the reverse sweep, weight gradients; the first is saved where a tape has it. */
const REVERSE_WORK = 3;
/** Steps of an adaptive solve that room is made for, at most. */
const MOST_KEPT = 1024;

export async function explainSolve(
  device: Device,
  weights: Weights,
  explained: Explained,
): Promise<Explanation> {
  const integrand = { kind: "mlp", weights } as const;
  const { batch, options, training } = explained;
  const choice = await choosePath(device, integrand, options);
  const calibration = await calibrationOf(device);
  const refusal = whyLayered(integrand, options);
  const costs: PathCost[] = [];
  for (const path of PATHS) {
    if (path === "fused" && refusal) continue;
    const asked = { ...options, plan: { ...options.plan, path } };
    const layout = await chooseLayout(device, weights, asked);
    const cost = await measure(device, weights, { ...explained, options: { ...asked, layout } }, calibration);
    const shape = forwardShape(weights.packing, options, options.keep ?? 0);
    const blocks = path === "fused" && layout.form === "block";
    costs.push(blocks ? { ...cost, tiles: await tileTrial(device, shape, weights) } : cost);
  }
  const rows = options.batch;
  return { batch, solves: Math.ceil(batch / rows), rows, training, ...choice, refusal, calibration, costs };
}

async function measure(
  device: Device,
  weights: Weights,
  { options, training, T }: Explained,
  calibration: Calibration,
): Promise<PathCost> {
  const layout = options.layout!;
  const group = new BufferGroup();
  try {
    const before = device.memory();
    const { forward, accepted } = await makeForward(device, weights, options, T, training);
    group.add(forward);
    const between = device.memory();
    const ahead = () => {
      device.write(forward.state, new Float32Array(options.batch * forward.dim));
      return timed(device, forward.steps());
    };
    const adjoint = training ? group.add(await createAdjoint(forward, options.backward)) : undefined;
    const after = device.memory();
    const back = adjoint && (() => timed(device, adjoint.steps(accepted)));
    // The first run waits for drivers that compile at first use.
    await back?.();
    const solved = await ahead();
    const reversed = await back?.();
    const { kernels } = await device.profile(ahead);
    const evaluation = (1 + (options.trace?.probes ?? 0)) * options.batch * weightCount(weights);
    const cost: PathCost = {
      ...layout,
      ...solved,
      ...memoryOf(grown(before, between)),
      multiplyAdds: solved.nfe * evaluation,
      expectedMilliseconds: expectedMilliseconds(layout.path, solveWork(weights, options), calibration),
      kernels,
    };
    if (!back || !reversed) return cost;
    const taped = forward instanceof FusedForward && forward.taped;
    const multiplyAdds = reversed.nfe * evaluation * (REVERSE_WORK - (taped ? 1 : 0));
    const reverse: SolveCost = {
      ...reversed,
      ...memoryOf(grown(between, after)),
      multiplyAdds,
      expectedMilliseconds: multiplyAdds / calibration.rate + reversed.dispatches * calibration.launch,
      kernels: (await device.profile(back)).kernels,
    };
    return { ...cost, reverse };
  } finally {
    group.dispose();
  }
}

/**
 * The forward solve, run once; where its steps are kept, with room for all that it takes.
 * @throws FjordError `solve-failed` where it does not reach its end and would have to be reversed
 */
async function makeForward(
  device: Device,
  weights: Weights,
  options: SolvePlan,
  T: number,
  training: boolean,
): Promise<{ forward: Forward; accepted: number }> {
  for (let keep = options.keep ?? 0; ; keep *= 2) {
    const forward = await device.allocate("the solve", () =>
      createForward(device, { kind: "mlp", weights }, { ...options, keep }),
    );
    try {
      device.write(forward.interval, new Float32Array([0, T]));
      const { status, accepted } = await runSteps(device, forward.steps());
      if (status === "ok" || !training) return { forward, accepted };
      if (options.plan.fixedSteps > 0 || keep === 0 || keep > MOST_KEPT) {
        throw new FjordError("solve-failed", STATUS_TEXT[status], "Raise rtol, or train with fixed steps.");
      }
    } catch (error) {
      forward.dispose();
      throw error;
    }
    forward.dispose();
  }
}

async function timed(
  device: Device,
  steps: Steps,
): Promise<Pick<SolveCost, "nfe" | "milliseconds" | "dispatches">> {
  await device.finished();
  const counted = device.stats().dispatches;
  const start = performance.now();
  const { nfe } = await runSteps(device, steps);
  return {
    nfe,
    milliseconds: performance.now() - start,
    dispatches: device.stats().dispatches - counted,
  };
}

const memoryOf = (buffers: readonly BufferUse[]) => ({
  bytes: buffers.reduce((sum, { bytes }) => sum + bytes, 0),
  buffers,
});

/** What there is more of than before. */
function grown(before: readonly BufferUse[], after: readonly BufferUse[]): BufferUse[] {
  const old = new Map(before.map((use) => [use.label, use]));
  return after
    .map(({ label, buffers, bytes }) => ({
      label,
      buffers: buffers - (old.get(label)?.buffers ?? 0),
      bytes: bytes - (old.get(label)?.bytes ?? 0),
    }))
    .filter(({ bytes }) => bytes > 0)
    .sort((one, other) => other.bytes - one.bytes);
}

const sizeText = (bytes: number) =>
  bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** What `explain` tells a person: a line per path, each with its kernels and buffers below it. */
export function explanationText(explanation: Explanation): string {
  const { batch, solves, rows, training, path, reason, refusal, calibration, costs } = explanation;
  const parts = solves > 1 ? `, in ${solves} solves of up to ${rows}` : "";
  return [
    `${batch} rows${training ? " of a training step" : parts}: ${path}. ${reason}`,
    ...(refusal !== undefined && refusal !== reason ? [`not fused: ${refusal}`] : []),
    calibrationText(calibration),
    ...costs.flatMap(({ reverse, ...cost }) => [
      ...costLines(`${cost.path}, ${layoutText(cost)}`, cost),
      ...(reverse ? costLines("  reverse", reverse) : []),
    ]),
  ].join("\n");
}

function layoutText({ path, form, tile, spill, tiles }: Layout & Pick<PathCost, "tiles">): string {
  if (path === "layered") return `in ${form}s`;
  const named = form === "resident" ? "resident weights" : `${form}s`;
  // Strips and resident weights have one tile.
  const chosen = tiles === undefined ? "" : `${spill ? " in global memory" : ""}, ${trialText(tiles)}`;
  return `${named}, ${tile} rows a workgroup${chosen}`;
}

function trialText(trial: TileTrial | string): string {
  if (typeof trial === "string") return `the most that fit, no other tried ${trial}`;
  const { times } = trial;
  if (times.length === 0) return "the most that fit, as trying others took too long";
  const one = times.map(({ tile, milliseconds }) => `${milliseconds} ms with ${tile}`);
  return `chosen by the time of a step: ${one.join(", ")}`;
}

function calibrationText({ launch, rate, form, spent, measuredAt, source }: Calibration): string {
  const figures = `calibration: ${(1e3 * launch).toFixed(0)} µs a dispatch, ${(rate / 5e5).toPrecision(2)} GFLOP/s in ${form}s`;
  if (source === "assumed") return `${figures}; assumed, as the device was opened without calibration`;
  const hours = (Date.now() - measuredAt) / 3.6e6;
  const age = hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(0)} days`;
  return `${figures}; measured in ${spent} ms, ${age} ago`;
}

function costLines(name: string, cost: SolveCost): string[] {
  const { milliseconds, expectedMilliseconds: expected, dispatches, nfe, bytes, multiplyAdds } = cost;
  const rate = (2 * multiplyAdds) / (milliseconds * 1e6);
  const times = `${milliseconds.toFixed(1)} ms (expected ${expected.toFixed(1)})`;
  return [
    `${name}: ${times}, ${dispatches} dispatches, ${nfe} evaluations, ${sizeText(bytes)}, ${rate.toFixed(2)} GFLOP/s`,
    kernelText(cost),
    `  buffers: ${bufferText(cost)}`,
  ];
}

function kernelText({ kernels }: SolveCost): string {
  if (!kernels) return "  kernels: this device has no timestamps";
  return kernels
    .map(({ kernel, calls, milliseconds }) => `  ${kernel}: ${calls} calls, ${milliseconds.toFixed(2)} ms`)
    .join("\n");
}

/** Those that hold at least a hundredth. */
function bufferText({ buffers, bytes }: SolveCost): string {
  const large = buffers.filter((use) => use.bytes >= bytes / 100);
  const named = large.map((use) => `${use.label} ${sizeText(use.bytes)}`);
  const rest = buffers.length - large.length;
  return [...named, ...(rest > 0 ? [`${rest} smaller`] : [])].join(", ");
}
