/** What a run of the benchmark says, as JSON. Times are milliseconds, counts are per call (a training step, a grid of densities, …). */
import type { AdapterSummary } from "../gpu/device.js";
import type { Calls } from "./calls.js";
import type { Spread } from "./timing.js";

/** One engine on one workload. */
export interface Entry extends Calls {
  /** Per call. */
  readonly ms: Spread;
  readonly repeats: number;
  /** Calls between two readings of the clock. */
  readonly callsPerRepeat: number;
  /** Present when one Runge–Kutta step, or an eighth of a product, was timed: times are those by this, counts are the part's. */
  readonly scaledBy?: number;
  /** 10⁹ operations a second, where operations are counted. */
  readonly gflops?: number;
  /** Time in JavaScript until everything of a call was submitted. */
  readonly hostMs?: number;
  /** The most GPU memory that was in use at a time, from the call that prepared the workload on. */
  readonly peakBytes: number;
  /** Present when that is of the part that was timed, see `scaledBy`. */
  readonly peakOfPart?: true;
  /** Largest error of the loss and of the gradient against ours, relative to the largest entry of each tensor. */
  readonly disagreement?: number;
  /** Evaluations of the field in a call, forward and reverse, where the solver chooses them. */
  readonly nfe?: number;
}

/** A peer that could not be measured, or that does not compute what it should. */
export interface Failure {
  readonly error: string;
}

export interface WorkloadResult {
  readonly about: string;
  /** Multiplications and additions of a call. */
  readonly operations?: number;
  readonly ours: Entry;
  /** Ours with every Runge–Kutta step in a dispatch of its own, as a GPU with a watchdog may need it. */
  readonly split?: Entry;
  readonly peers: Readonly<Record<string, Entry | Failure>>;
  /** The best WebGPU peer's median over ours; null without such a peer. */
  readonly ratio: number | null;
}

/** T: an engine's way to a given quality; `ms` and `callsPerRepeat` are of the whole run, counts are per step. */
export interface QualityEntry extends Entry {
  /** Optimiser steps until then, those of a warm start included. */
  readonly steps: number;
  /** Held-out KL in nats at the last checkpoint. */
  readonly kl: number;
  readonly setting: string;
}

/** S: how cost grows along one axis. */
export interface ScalingAxis {
  readonly axis: "batch" | "steps" | "dimension" | "width";
  readonly points: readonly { readonly x: number; readonly ms: Spread }[];
  /** d log(ms) / d log(x) over the upper half of the points. */
  readonly slope: number;
}

/** A product, beside a bare kernel. */
export interface ProductResult extends WorkloadResult {
  readonly reference: Entry;
  /** Our rate over the bare kernel's. */
  readonly ofBest: number;
}

/** What M adds to its middle size. */
export interface ProductsResult extends ProductResult {
  readonly sizes: Readonly<Record<string, ProductResult>>;
  /** Multiply-adds in registers and nothing else. */
  readonly multiplyAdds: Entry;
}

export interface BenchReport {
  readonly adapter: AdapterSummary;
  /** Where it ran, e.g. the browser and its version. */
  readonly host: string;
  readonly date: string;
  readonly workloads: Readonly<Record<string, WorkloadResult>> & { readonly M?: ProductsResult };
  readonly scaling?: readonly ScalingAxis[];
}

export function isEntry(value: Entry | Failure): value is Entry {
  return "ms" in value;
}
