/**
 * What real GPUs should take, from a stated model: none was at hand. The time of a call is
 *
 *   launches · LAUNCH + Σ over its kernels of max(operations / (peak · fill · EFFICIENCY), bytes / bandwidth),
 *
 * where `fill` is the share of the GPU's lanes that compute: the share that its subgroups occupy, at most 1, times the
 * share of a subgroup that a narrower workgroup leaves busy. Layer products are counted, everything else of a field is
 * not; a weight is counted as read from memory once per launch, because the caches hold a toy field's. Tiles,
 * workgroups, tapes and chunks are those of the plans that the engine makes, in blocks, the form for GPUs.
 */

import { rowsPerChunk } from "../cnf/evaluator.js";
import { packing } from "../field/packing.js";
import { layerSizes, mlpSpec, paramCount } from "../field/spec.js";
import { TAPE_BYTES } from "../ode/fused-forward.js";
import { type FusedPlan, forwardGroups, fusedPlan, fusedRefusal } from "../ode/fused-plan.js";
import { stepPlan } from "../ode/plan.js";
import { markdown, short } from "./table.js";
import {
  evaluationOperations,
  type FlowWorkload,
  rowsOf,
  tangentsOf,
  workloadOperations,
} from "./workloads.js";

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
/** Lanes that take one instruction together. */
const SUBGROUP = 32;
/** Launches of a fused training step beside the two solves: draw, loss, reduction, judgement, Adam, packing. */
const AROUND_STEP = 6;
/** Launches of a layered training step: of one Runge–Kutta step there and back with 4 layers, and of all else. */
export const LAYERED = { step: 91, around: 10 } as const;

interface Kernel {
  readonly operations: number;
  readonly bytes: number;
  readonly workgroups: number;
  /** Of a workgroup. */
  readonly invocations: number;
}

/** How a workload is executed. */
export interface Plan {
  readonly path: "fused" | "layered";
  readonly launches: number;
  readonly kernels: readonly Kernel[];
  /** Samples of a workgroup in a fused solve. */
  readonly tile?: number;
}

export function planOf(workload: FlowWorkload): Plan {
  const { method, rkSteps } = workload.shape;
  const refused = fusedRefusal(mlpSpec(workload.shape), stepPlan({ method, steps: rkSteps }));
  if (refused) return layeredPlan(workload);
  return workload.kind === "train" ? fusedStep(workload) : fusedChunks(workload);
}

function planned(workload: FlowWorkload, rows: number): FusedPlan {
  const { method, rkSteps } = workload.shape;
  return fusedPlan({
    packing: packing(mlpSpec(workload.shape)),
    plan: stepPlan({ method, steps: rkSteps }),
    batch: rows,
    probes: tangentsOf(workload),
    traceWeight: 1,
    capacity: rkSteps,
    recorded: workload.kind === "train",
  });
}

/** Invocations of a workgroup, as the kernels are compiled. */
const groupOf = ({ constants }: FusedPlan): number => (constants as Readonly<Record<string, number>>).GROUP!;

/** Densities and samples: a solve for each chunk of rows, and for densities one more kernel. */
function fusedChunks(workload: FlowWorkload): Plan {
  const { shape, kind } = workload;
  const rows = rowsOf(workload);
  const most = rowsPerChunk(packing(mlpSpec(shape)), tangentsOf(workload));
  const kernels: Kernel[] = [];
  let tile = 0;
  for (let start = 0; start < rows; start += most) {
    const count = Math.min(most, rows - start);
    const fused = planned(workload, count);
    const bytes = 4 * paramCount(mlpSpec(shape)) + 8 * count * (shape.dim + 1);
    const operations = (workloadOperations(workload)! * count) / rows;
    kernels.push({ operations, bytes, workgroups: forwardGroups(fused), invocations: groupOf(fused) });
    tile = fused.tile;
  }
  const launches = kernels.length * (kind === "density" ? 2 : 1);
  return { path: "fused", launches, kernels, tile };
}

/** Where the tape of all stages is small the reverse solve reads it, else it evaluates each stage again. */
function fusedStep(workload: FlowWorkload): Plan {
  const { shape } = workload;
  const rows = rowsOf(workload);
  const fused = planned(workload, rows);
  const { tapeBytes, chunks, tile } = fused;
  const taped = tapeBytes <= TAPE_BYTES;
  const theta = 4 * paramCount(mlpSpec(shape));
  const state = 4 * rows * (shape.dim + 1);
  const once = 4 * shape.rkSteps * evaluationOperations(shape, rows, tangentsOf(workload));
  const invocations = groupOf(fused);
  const kept = (2 + shape.rkSteps) * state + (taped ? tapeBytes : 0);
  const forward = { operations: once, bytes: theta + kept, workgroups: forwardGroups(fused), invocations };
  // A chunk of weight gradients from every workgroup; then their sum in fixed order, and Adam over θ.
  const reverse = {
    operations: (taped ? 2 : 3) * once,
    bytes: theta * (1 + chunks) + kept,
    workgroups: chunks,
    invocations,
  };
  const update = { operations: 0, bytes: theta * (chunks + 8), workgroups: chunks, invocations };
  return { path: "fused", launches: 2 + AROUND_STEP, kernels: [forward, reverse, update], tile };
}

/** A training step by products with fused epilogues over values and tangents together; 8 × 8 entries an invocation. */
function layeredPlan(workload: FlowWorkload): Plan {
  const { shape } = workload;
  const rows = rowsOf(workload) * (1 + tangentsOf(workload));
  const sizes = layerSizes(mlpSpec(shape));
  const evaluations = 4 * shape.rkSteps;
  const widths = sizes.reduce((sum, width) => sum + width, 0);
  const theta = 4 * paramCount(mlpSpec(shape));
  const workgroups = (rows * Math.max(...shape.hidden)) / 64 / SUBGROUP;
  const group = { workgroups, invocations: SUBGROUP };
  const operations = evaluations * evaluationOperations(shape, rowsOf(workload), tangentsOf(workload));
  const bytes = evaluations * (theta + 2 * 4 * rows * widths);
  const forward = { operations, bytes, ...group };
  // Every stage again, then a product back through every layer and one for its weights; each reads both operands.
  const reverse = { operations: 3 * operations, bytes: 3.5 * bytes, ...group };
  const update = { operations: 0, bytes: 8 * theta, ...group };
  const launches = LAYERED.step * shape.rkSteps + LAYERED.around;
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
  /** Lanes in use of those of a subgroup, there. */
  readonly lanes: number;
}

export function expect({ launches, kernels }: Plan, gpu: Gpu): Expectation {
  let [arithmetic, memory, longest, fill, lanes] = [0, 0, 0, 1, 1];
  for (const { operations, bytes, workgroups, invocations } of kernels) {
    const held = SUBGROUP * Math.ceil(invocations / SUBGROUP);
    const busy = invocations / held;
    const share = Math.min(1, (workgroups * held) / gpu.lanes) * busy;
    const computing = operations / (gpu.peak * share * EFFICIENCY);
    const moving = bytes / gpu.bandwidth;
    if (computing > moving) arithmetic += computing;
    else memory += moving;
    const longer = Math.max(computing, moving);
    if (longer > longest) [longest, fill, lanes] = [longer, share, busy];
  }
  const launching = launches * LAUNCH;
  const total = launching + arithmetic + memory;
  return {
    ms: 1e3 * total,
    launching: launching / total,
    arithmetic: arithmetic / total,
    memory: memory / total,
    fill,
    lanes,
  };
}

/** What bounds a call, and what to do about it next. */
export function verdict({ launching, arithmetic, memory, fill, lanes }: Expectation): {
  bound: string;
  next: string;
} {
  if (launching >= arithmetic && launching >= memory) {
    return { bound: "launches", next: "fewer kernels around the solves, several steps in one submit" };
  }
  if (memory > arithmetic) return { bound: "memory", next: "fuse neighbouring layers, store operands once" };
  const bound = `arithmetic, ${Number((100 * fill).toPrecision(2))} % of lanes busy`;
  // Subgroups that are there but half empty, or too few of them.
  if (fill <= 0.5 && lanes <= fill) return { bound, next: "workgroups as wide as a subgroup" };
  if (fill <= 0.5 && lanes <= 0.5) {
    return { bound, next: "workgroups as wide as a subgroup, and smaller tiles to have more of them" };
  }
  if (fill <= 0.5) return { bound, next: "smaller tiles, or more invocations a tile" };
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
        plan.tile ? `fused, ${plan.tile} × ${plan.kernels[0]!.invocations}` : plan.path,
        String(plan.launches),
        short(operations / 1e9),
        short(bytes / 1e6),
        `${Number((100 * expected.fill).toPrecision(2))} %`,
        short(Number(expected.ms.toPrecision(2))),
        bound,
        next,
      ];
    }),
  );
  const head = [
    "",
    "GPU",
    "path, tile × invocations",
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
