/** What is measured: the workloads by name, as plain data, and the operations they hold. */
import { type LayerType, layerSizes, mlpSpec } from "../field/spec.js";
import type { MethodName } from "../ode/methods.js";

/** A field and how its solves are done. */
export interface FlowShape {
  readonly dim: number;
  readonly hidden: readonly number[];
  readonly layer: LayerType;
  readonly method: MethodName;
  /** 0: adaptive at `tolerance`. */
  readonly rkSteps: number;
  readonly tolerance?: number;
  readonly gradient: "discrete" | "continuous";
}

interface Named {
  readonly name: string;
  readonly about: string;
}

/** One optimiser step by Adam with one Rademacher probe. */
export interface TrainWorkload extends Named {
  readonly kind: "train";
  readonly shape: FlowShape;
  readonly batch: number;
}

/** Log-densities with the exact trace on a grid over [−4, 4]². */
export interface DensityWorkload extends Named {
  readonly kind: "density";
  readonly shape: FlowShape;
  readonly grid: number;
}

export interface SampleWorkload extends Named {
  readonly kind: "sample";
  readonly shape: FlowShape;
  readonly count: number;
}

export type FlowWorkload = TrainWorkload | DensityWorkload | SampleWorkload;

/** Time enters at the first layer; every activation is tanh. */
const RK4 = { dim: 2, layer: "concat_first", method: "rk4", rkSteps: 8, gradient: "discrete" } as const;
const TOY = { ...RK4, hidden: [64, 64, 64] } as const;

export const FLOW_WORKLOADS: readonly FlowWorkload[] = [
  {
    name: "W0",
    kind: "train",
    about: "training step, D = 2, hidden 16-16, batch 32: overhead and nothing else",
    shape: { ...RK4, hidden: [16, 16] },
    batch: 32,
  },
  {
    name: "W1",
    kind: "train",
    about: "training step, D = 2, hidden 64-64-64, batch 512",
    shape: TOY,
    batch: 512,
  },
  {
    name: "W1a",
    kind: "train",
    about: "W1 with dopri5 at 1e-5, concatsquash, continuous gradient",
    shape: {
      ...TOY,
      layer: "concatsquash",
      method: "dopri5",
      rkSteps: 0,
      tolerance: 1e-5,
      gradient: "continuous",
    },
    batch: 512,
  },
  {
    name: "W2",
    kind: "density",
    about: "log-density on a 200 × 200 grid, exact trace",
    shape: TOY,
    grid: 200,
  },
  { name: "W3", kind: "sample", about: "100,000 samples", shape: TOY, count: 100_000 },
  {
    name: "W4",
    kind: "train",
    about: "training step, D = 64, hidden 512-512-512, batch 1,024",
    shape: { ...RK4, dim: 64, hidden: [512, 512, 512] },
    batch: 1024,
  },
];

export interface ProductSize {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** M: [m, k] · [k, n]. */
export const PRODUCT_SIZES: readonly ProductSize[] = [
  { m: 512, k: 64, n: 64 },
  { m: 1024, k: 512, n: 512 },
  { m: 2048, k: 2048, n: 2048 },
];

export const productName = ({ m, n, k }: ProductSize): string => `${m}×${k}×${n}`;

/** Rows of the batch that a workload solves for. */
export function rowsOf(workload: FlowWorkload): number {
  if (workload.kind === "train") return workload.batch;
  return workload.kind === "density" ? workload.grid ** 2 : workload.count;
}

/** Tangents that ride along: one probe in training, D unit vectors for the exact trace, none for samples. */
export function tangentsOf({ kind, shape }: FlowWorkload): number {
  return kind === "train" ? 1 : kind === "density" ? shape.dim : 0;
}

/** Multiplications and additions of the layer products in one evaluation of the field, values and tangents. */
export function evaluationOperations(
  { dim, hidden, layer }: FlowShape,
  rows: number,
  tangents: number,
): number {
  const sizes = layerSizes(mlpSpec({ dim, hidden, layer }));
  const products = (timeColumn: number) =>
    sizes.slice(1).reduce((sum, out, i) => sum + 2 * (sizes[i]! + (i === 0 ? timeColumn : 0)) * out, 0);
  return rows * (products(layer === "concat_first" ? 1 : 0) + tangents * products(0));
}

/**
 * Operations of a call with fixed steps of RK4. A training step counts three forward solves; what an engine
 * computes twice to save memory is not counted.
 */
export function workloadOperations(workload: FlowWorkload): number | undefined {
  const { shape, kind } = workload;
  if (shape.rkSteps === 0) return undefined;
  const forward = 4 * shape.rkSteps * evaluationOperations(shape, rowsOf(workload), tangentsOf(workload));
  return kind === "train" ? 3 * forward : forward;
}
