/** What the page of trace estimators and its worker say to each other. Every message also carries a run number. */
import type { ProbeDistribution } from "fjordgpu";
import type { Failure } from "../shared/failure.js";
import type { JacobianFacts } from "./theory.js";

export const DIMENSIONS = [2, 8, 32, 64] as const;
/** Probes of independent entries; those of the running estimates. */
export const INDEPENDENT = ["rademacher", "gaussian"] as const;
export type Independent = (typeof INDEPENDENT)[number];

/** "trained": on two moons (D = 2 alone). "random": a fresh network. "residual": a fresh network minus z. */
export type FieldKind = "trained" | "random" | "residual";

/** Averages that run side by side, and single estimates in each of them. */
export const WALKERS = 256;
export const MOST_PROBES = 256;
/** Numbers of probes whose spread is measured. */
export const SPREADS = [1, 2, 4, 8, 16, 32] as const;
/** Times at which the divergence along the path is known, and probes followed along it. */
export const STOPS = 17;
export const FOLLOWED = 5;
/** Solves of the one point; points of the batch, and how often its loss is estimated. */
export const SOLVES = 256;
export const BATCH = 32;
export const LOSSES = 16;

/** Of the picture, both axes. */
export const WINDOW = [-4, 4] as const;

/** A place in the plane that a path comes through at this time. */
export interface Passage {
  readonly x: number;
  readonly y: number;
  readonly t: number;
}

/** A field, and a point: a sample of the flow with this seed, or the one that comes through a place. */
export interface Place {
  readonly dim: number;
  readonly field: FieldKind;
  readonly point: number;
  /** In two dimensions alone. */
  readonly chosen: Passage | undefined;
  /** Of the trained model. */
  readonly url: string;
}

/** Estimate the trace where the point is at time t. */
export interface Examine extends Place {
  readonly type: "examine";
  readonly t: number;
}

/** Estimate log p of the point, and the loss, with this many probes a solve. */
export interface Follow extends Place {
  readonly type: "follow";
  readonly probes: number;
}

export type Command = Examine | Follow;

export interface Examined {
  readonly type: "examined";
  /** From the Jacobian; `exact` is the library's exact trace. */
  readonly facts: JacobianFacts;
  readonly exact: number;
  /** z(t) [D] */
  readonly z: Float32Array;
  readonly adapter: string;
}

/** What the picture of a plane shows. */
export interface Pictured {
  readonly type: "pictured";
  readonly t: number;
  /** log p_t at the centres of [size, size] cells over WINDOW, nats, row 0 at the top. */
  readonly size: number;
  readonly logDensity: Float32Array;
  /** [STOPS, 2]: the point's path from data to noise. */
  readonly path: Float32Array;
}

export interface Drawn {
  readonly type: "drawn";
  readonly distribution: Independent;
  /** [c, WALKERS]: one probe each. */
  readonly estimates: Float32Array;
}

export interface Spread {
  readonly distribution: ProbeDistribution;
  /** Measured deviations of averages over n probes, n ≤ D where they are orthogonal. */
  readonly points: readonly { readonly probes: number; readonly deviation: number }[];
}

export interface Scattered {
  readonly type: "scattered";
  readonly spreads: readonly Spread[];
}

/** Estimates with one kind of probes. */
export interface Estimated {
  readonly distribution: Independent;
  /** FOLLOWED curves of [STOPS]: the estimate of the divergence with the probes of one solve. */
  readonly curves: readonly Float32Array[];
  /** [SOLVES]: log p of the point in nats; the first FOLLOWED solves have the probes of the curves. */
  readonly logProb: Float32Array;
  /** [LOSSES]: mean of −log p over the batch, nats. */
  readonly losses: Float32Array;
}

export interface Followed {
  readonly type: "followed";
  /** [STOPS], from 0 to T. */
  readonly times: Float32Array;
  /** [STOPS]: exact divergence along the path. */
  readonly divergence: Float32Array;
  readonly logProb: number;
  readonly loss: number;
  readonly estimated: readonly Estimated[];
}

export type Event =
  | Examined
  | Pictured
  | Drawn
  | Scattered
  | Followed
  | { readonly type: "failed"; readonly failure: Failure };
