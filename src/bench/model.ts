/**
 * What real GPUs should take, from a stated model: none was at hand. The time of a call is
 *
 *   launches · LAUNCH + Σ over its kernels of max(operations / (peak · fill · EFFICIENCY), bytes / bandwidth),
 *
 * where `fill` is the share of the GPU's lanes that the kernel's workgroups occupy, at most 1. Layer products are
 * counted, everything else of a field is not; a weight is counted as read from memory once per launch, because the
 * caches hold a toy field's.
 */

import { layerSizes, mlpSpec, paramCount } from "../field/spec.js";
import { markdown, short } from "./table.js";
import { evaluationOperations, type FlowWorkload, rowsOf, tangentsOf } from "./workloads.js";

export interface Gpu {
  readonly name: string;
  /** Operations a second; a multiply-add is two. */
  readonly peak: number;
  /** Bytes a second. */
  readonly bandwidth: number;
  /** Lanes that can work at once: peak over two operations a clock at 1.3 or 1.8 GHz. */
  readonly lanes: number;
}

export const GPUS: readonly Gpu[] = [
  { name: "integrated, 2 TFLOP/s, 60 GB/s", peak: 2e12, bandwidth: 60e9, lanes: 768 },
  { name: "discrete, 30 TFLOP/s, 800 GB/s", peak: 30e12, bandwidth: 800e9, lanes: 8192 },
];

/** Seconds between the ends of two kernels of one submission that do nothing. */
const LAUNCH = 6e-6;
/**
 * Share of the peak that a filled GPU reaches in our products. Per step along k an invocation of a fused kernel loads
 * 16 numbers for 64 multiply-adds, and its results pass through workgroup memory between layers.
 */
const EFFICIENCY = 0.4;

/** How a workload is executed, from the kernels' own numbers. */
export interface Plan {
  readonly path: "fused" | "layered";
  readonly launches: number;
  readonly kernels: readonly {
    readonly operations: number;
    readonly bytes: number;
    readonly invocations: number;
  }[];
}

/** Samples of a workgroup and its invocations, in the fused kernels. */
const TILE = 16;
const INVOCATIONS = 32;
/** Widest hidden layer of the fused kernels. */
const WIDEST_FUSED = 128;
/** Launches of a fused training step beside the two solves: draw, loss, reduction, judgement, Adam, packing. */
const AROUND_STEP = 6;

export function planOf(workload: FlowWorkload): Plan {
  const fused = workload.shape.hidden.every((width) => width <= WIDEST_FUSED);
  return fused ? fusedPlan(workload) : layeredPlan(workload);
}

function fusedPlan(workload: FlowWorkload): Plan {
  const { shape, kind } = workload;
  const rows = rowsOf(workload);
  const tiles = Math.ceil(rows / TILE);
  const invocations = tiles * INVOCATIONS;
  const theta = 4 * paramCount(mlpSpec(shape));
  const state = 4 * rows * (shape.dim + 1);
  const operations = 4 * shape.rkSteps * evaluationOperations(shape, rows, tangentsOf(workload));
  const solve = { operations, bytes: theta + 2 * state, invocations };
  if (kind !== "train") return { path: "fused", launches: 1, kernels: [solve] };
  const forward = { ...solve, bytes: theta + (2 + shape.rkSteps) * state };
  // Each stage is computed again, then its cotangents and its weight gradients; one partial sum of θ a workgroup.
  const reverse = {
    operations: 3 * operations,
    bytes: theta * (1 + tiles) + (2 + shape.rkSteps) * state,
    invocations,
  };
  // Fixed-order reduction of those sums, and Adam over θ.
  const update = { operations: 0, bytes: theta * (tiles + 8), invocations };
  return { path: "fused", launches: 2 + AROUND_STEP, kernels: [forward, reverse, update] };
}

/** Products with fused epilogues over values and tangents together; 8 × 8 entries an invocation. */
function layeredPlan(workload: FlowWorkload): Plan {
  const { shape, kind } = workload;
  const rows = rowsOf(workload) * (1 + tangentsOf(workload));
  const sizes = layerSizes(mlpSpec(shape));
  const evaluations = 4 * shape.rkSteps;
  const operations = evaluationOperations(shape, rowsOf(workload), tangentsOf(workload));
  const widths = sizes.reduce((sum, width) => sum + width, 0);
  const layers = sizes.length - 1;
  const theta = 4 * paramCount(mlpSpec(shape));
  const invocations = (rows * Math.max(...shape.hidden)) / 64;
  const bytes = theta + 2 * 4 * rows * widths;
  const forward = { operations: evaluations * operations, bytes: evaluations * bytes, invocations };
  if (kind !== "train") return { path: "layered", launches: evaluations * (layers + 1), kernels: [forward] };
  // Stored operands: a product back through every layer and one for its weights; each reads both operands.
  const reverse = { operations: 2 * forward.operations, bytes: 2.5 * forward.bytes, invocations };
  const update = { operations: 0, bytes: 8 * theta, invocations };
  const launches = evaluations * (layers + 1) + evaluations * (2 * layers + 1) + AROUND_STEP;
  return { path: "layered", launches, kernels: [forward, reverse, update] };
}

export interface Expectation {
  readonly ms: number;
  /** Shares of the time, 0 to 1. */
  readonly launching: number;
  readonly arithmetic: number;
  readonly memory: number;
  /** Lanes in use of all, in the kernel that takes longest. */
  readonly fill: number;
}

export function expect({ launches, kernels }: Plan, gpu: Gpu): Expectation {
  let [arithmetic, memory, longest, fill] = [0, 0, 0, 1];
  for (const { operations, bytes, invocations } of kernels) {
    const share = Math.min(1, invocations / gpu.lanes);
    const computing = operations / (gpu.peak * share * EFFICIENCY);
    const moving = bytes / gpu.bandwidth;
    if (computing > moving) arithmetic += computing;
    else memory += moving;
    if (Math.max(computing, moving) > longest) [longest, fill] = [Math.max(computing, moving), share];
  }
  const launching = launches * LAUNCH;
  const total = launching + arithmetic + memory;
  return {
    ms: 1e3 * total,
    launching: launching / total,
    arithmetic: arithmetic / total,
    memory: memory / total,
    fill,
  };
}

/** What bounds a call, and what to do about it next. */
export function verdict({ launching, arithmetic, memory, fill }: Expectation): {
  bound: string;
  next: string;
} {
  if (launching >= arithmetic && launching >= memory) {
    return { bound: "launches", next: "fewer kernels around the solves, several steps in one submit" };
  }
  if (memory > arithmetic) return { bound: "memory", next: "fuse neighbouring layers, store operands once" };
  if (fill < 0.5) {
    return {
      bound: `arithmetic, ${Math.round(100 * fill)} % of lanes busy`,
      next: "smaller tiles, or more invocations a tile",
    };
  }
  return { bound: "arithmetic", next: "larger register blocks, subgroup matrices where there are any" };
}

/** Rows for the documentation. */
export function modelTable(workloads: readonly FlowWorkload[]): string {
  const rows = workloads.flatMap((workload) =>
    GPUS.map((gpu) => {
      const plan = planOf(workload);
      const expected = expect(plan, gpu);
      const { bound, next } = verdict(expected);
      const { operations, bytes } = plan.kernels.reduce(
        (sum, kernel) => ({
          operations: sum.operations + kernel.operations,
          bytes: sum.bytes + kernel.bytes,
        }),
        { operations: 0, bytes: 0 },
      );
      return [
        workload.name,
        gpu.name,
        plan.path,
        String(plan.launches),
        short(operations / 1e9),
        short(bytes / 1e6),
        `${Math.round(100 * expected.fill)} %`,
        short(Number(expected.ms.toPrecision(2))),
        bound,
        next,
      ];
    }),
  );
  const head = [
    "",
    "GPU",
    "path",
    "launches",
    "GFLOP",
    "MB",
    "lanes busy",
    "expected ms",
    "bound by",
    "next",
  ];
  return markdown(head, rows);
}
