/** How a flow's solves are carried out, and what they cost: every path that takes them, run and measured. */
import { type TraceOptions, tracePlan } from "../field/trace.js";
import { type Weights, weightCount } from "../field/weights.js";
import type { BufferUse, Device } from "../gpu/device.js";
import type { KernelTime } from "../gpu/profile.js";
import { type Calibration, calibrationOf } from "../ode/calibration.js";
import { expectedMilliseconds } from "../ode/estimate.js";
import { PATHS, type Path } from "../ode/execution.js";
import { choosePath, createForward, type SolvePlan, solveWork, whyLayered } from "../ode/paths.js";
import type { StepPlan } from "../ode/plan.js";
import { runSteps } from "../ode/runner.js";

export interface PathCost {
  readonly path: Path;
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

export interface Explanation {
  /** Rows of the solve that was measured. */
  readonly batch: number;
  /** What a call with that many rows takes. */
  readonly path: Path;
  /** Why, as a sentence. */
  readonly reason: string;
  /** The adapter's speed, by which paths are chosen. */
  readonly calibration: Calibration;
  readonly costs: readonly PathCost[];
}

/** @param T end of the integration, from data at 0 */
export async function explainSolve(
  device: Device,
  weights: Weights,
  plan: StepPlan,
  trace: TraceOptions | undefined,
  batch: number,
  T: number,
  uses: number,
): Promise<Explanation> {
  const integrand = { kind: "mlp", weights } as const;
  const { dim } = weights.packing.spec;
  const options: SolvePlan = { batch, plan, trace: trace && tracePlan(trace, dim, batch), uses };
  const choice = await choosePath(device, integrand, options);
  const calibration = await calibrationOf(device);
  const refusal = whyLayered(integrand, options);
  const costs: PathCost[] = [];
  for (const path of PATHS) {
    if (path === "fused" && refusal) continue;
    const measured = await measure(device, weights, { ...options, plan: { ...plan, path } }, T);
    const expected = expectedMilliseconds(path, solveWork(weights, options), calibration);
    costs.push({ path, expectedMilliseconds: expected, ...measured });
  }
  return { batch, ...choice, calibration, costs };
}

async function measure(
  device: Device,
  weights: Weights,
  options: SolvePlan,
  T: number,
): Promise<Omit<PathCost, "path" | "expectedMilliseconds">> {
  const before = device.memory();
  const forward = await device.allocate("the solve", () =>
    createForward(device, { kind: "mlp", weights }, options),
  );
  try {
    const buffers = grown(before, device.memory());
    device.write(forward.interval, new Float32Array([0, T]));
    const solve = async () => {
      device.write(forward.state, new Float32Array(options.batch * forward.dim));
      await device.finished();
      const counted = device.stats().dispatches;
      const start = performance.now();
      const { nfe } = await runSteps(device, forward.steps());
      return {
        nfe,
        milliseconds: performance.now() - start,
        dispatches: device.stats().dispatches - counted,
      };
    };
    // The first solve waits for drivers that compile at first use.
    await solve();
    const solved = await solve();
    const { kernels } = await device.profile(solve);
    const slots = 1 + (options.trace?.probes ?? 0);
    return {
      ...solved,
      multiplyAdds: solved.nfe * slots * options.batch * weightCount(weights),
      bytes: buffers.reduce((sum, { bytes }) => sum + bytes, 0),
      buffers,
      kernels,
    };
  } finally {
    forward.dispose();
  }
}

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
export function explanationText({ batch, path, reason, calibration, costs }: Explanation): string {
  return [
    `${batch} rows: ${path}. ${reason}`,
    calibrationText(calibration),
    ...costs.flatMap((cost) => [costText(cost), kernelText(cost), `  buffers: ${bufferText(cost)}`]),
  ].join("\n");
}

function calibrationText({ launch, rate, form, spent, measuredAt, source }: Calibration): string {
  const figures = `calibration: ${(1e3 * launch).toFixed(0)} µs a dispatch, ${(rate / 5e5).toPrecision(2)} GFLOP/s in ${form}s`;
  if (source === "assumed") return `${figures}; assumed, as the device was opened without calibration`;
  const hours = (Date.now() - measuredAt) / 3.6e6;
  const age = hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(0)} days`;
  return `${figures}; measured in ${spent} ms, ${age} ago`;
}

function costText(cost: PathCost): string {
  const { path, milliseconds, expectedMilliseconds: expected, dispatches, nfe, bytes, multiplyAdds } = cost;
  const rate = (2 * multiplyAdds) / (milliseconds * 1e6);
  const times = `${milliseconds.toFixed(1)} ms (expected ${expected.toFixed(1)})`;
  return `${path}: ${times}, ${dispatches} dispatches, ${nfe} evaluations, ${sizeText(bytes)}, ${rate.toFixed(2)} GFLOP/s`;
}

function kernelText({ kernels }: PathCost): string {
  if (!kernels) return "  kernels: this device has no timestamps";
  return kernels
    .map(({ kernel, calls, milliseconds }) => `  ${kernel}: ${calls} calls, ${milliseconds.toFixed(2)} ms`)
    .join("\n");
}

/** Those that hold at least a hundredth. */
function bufferText({ buffers, bytes }: PathCost): string {
  const large = buffers.filter((use) => use.bytes >= bytes / 100);
  const named = large.map((use) => `${use.label} ${sizeText(use.bytes)}`);
  const rest = buffers.length - large.length;
  return [...named, ...(rest > 0 ? [`${rest} smaller`] : [])].join(", ");
}
