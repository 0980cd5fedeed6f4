/** How a flow's solves are carried out, and what they cost: every path that takes them, run once and measured. */
import { type TraceOptions, tracePlan } from "../field/trace.js";
import type { Weights } from "../field/weights.js";
import type { Device } from "../gpu/device.js";
import { PATHS, type Path } from "../ode/execution.js";
import { weightCount } from "../ode/forward.js";
import { choosePath, createForward, type SolvePlan, whyLayered } from "../ode/paths.js";
import type { StepPlan } from "../ode/plan.js";
import { runSteps } from "../ode/runner.js";

export interface PathCost {
  readonly path: Path;
  /** Of one solve: multiply-adds of its layer products by the evaluations it made. */
  readonly multiplyAdds: number;
  readonly dispatches: number;
  /** GPU memory beside the parameters. */
  readonly bytes: number;
  /** Wall time of one solve, its compilation not counted. */
  readonly milliseconds: number;
}

export interface Explanation {
  /** Rows of the solve that was measured. */
  readonly batch: number;
  /** What a call with that many rows takes. */
  readonly path: Path;
  /** Why, as a sentence. */
  readonly reason: string;
  readonly costs: readonly PathCost[];
}

/** @param interval end of the integration, from data at 0 */
export async function explainSolve(
  device: Device,
  weights: Weights,
  plan: StepPlan,
  trace: TraceOptions | undefined,
  batch: number,
  T: number,
): Promise<Explanation> {
  const integrand = { kind: "mlp", weights } as const;
  const { dim } = weights.packing.spec;
  const options: SolvePlan = { batch, plan, trace: trace && tracePlan(trace, dim, batch) };
  const path = choosePath(integrand, options);
  const refusal = whyLayered(integrand, options);
  const costs: PathCost[] = [];
  for (const each of PATHS) {
    if (each === "fused" && refusal) continue;
    costs.push(await measure(device, weights, { ...options, plan: { ...plan, path: each } }, each, T));
  }
  const chosen =
    path === "fused"
      ? "So many rows repay the compilation of kernels for this shape."
      : "So few rows do not repay the compilation of kernels for this shape.";
  const reason = plan.path !== "auto" ? `path: "${plan.path}" was asked for.` : (refusal ?? chosen);
  return { batch, path, reason, costs };
}

async function measure(
  device: Device,
  weights: Weights,
  options: SolvePlan,
  path: Path,
  T: number,
): Promise<PathCost> {
  const before = device.stats().bytes;
  const forward = await device.allocate("the solve", () =>
    createForward(device, { kind: "mlp", weights }, options),
  );
  try {
    const bytes = device.stats().bytes - before;
    device.write(forward.interval, new Float32Array([0, T]));
    let milliseconds = 0;
    let nfe = 0;
    let dispatches = 0;
    // The first solve waits for drivers that compile at first use.
    for (let run = 0; run < 2; run++) {
      device.write(forward.state, new Float32Array(options.batch * forward.dim));
      await device.finished();
      const counted = device.stats().dispatches;
      const start = performance.now();
      nfe = (await runSteps(device, forward.steps())).nfe;
      milliseconds = performance.now() - start;
      dispatches = device.stats().dispatches - counted;
    }
    const slots = 1 + (options.trace?.probes ?? 0);
    const multiplyAdds = nfe * slots * options.batch * weightCount(weights);
    return { path, multiplyAdds, dispatches, bytes, milliseconds };
  } finally {
    forward.dispose();
  }
}

/** What `explain` tells a person: a line per path. */
export function explanationText({ batch, path, reason, costs }: Explanation): string {
  const lines = costs.map(({ path: each, milliseconds, dispatches, bytes, multiplyAdds }) => {
    const rate = (2 * multiplyAdds) / (milliseconds * 1e6);
    return `${each}: ${milliseconds.toFixed(1)} ms, ${dispatches} dispatches, ${(bytes / 2 ** 20).toFixed(1)} MiB, ${rate.toFixed(2)} GFLOP/s`;
  });
  return [`${batch} rows: ${path}. ${reason}`, ...lines].join("\n");
}
