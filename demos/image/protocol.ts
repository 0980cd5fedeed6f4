/** What the image page and its training worker say to each other. Every message also carries a run number. */
import type { TrainReport } from "fjordgpu";
import type { Course, Moment } from "../shared/course.js";
import type { Failure } from "../shared/failure.js";
import type { Config } from "./config.js";
import type { PixelDensity } from "./density.js";

export type Command =
  | { readonly type: "open" }
  | { readonly type: "configure"; readonly config: Config; readonly density: PixelDensity }
  /** Ends the run; there is nothing to learn. */
  | { readonly type: "rest" }
  | { readonly type: "start" }
  | { readonly type: "pause" }
  /** Asks for n samples of the flow as it is. */
  | { readonly type: "draw"; readonly count: number }
  /** False while the tab is hidden: training goes on, drawing does not. */
  | { readonly type: "visible"; readonly visible: boolean };

export interface Opened {
  readonly type: "opened";
  readonly adapter: string;
  readonly isSoftware: boolean;
}

/** How training goes; see TrainReport of the library. */
export interface Progress {
  readonly type: "progress";
  readonly phase: TrainReport["phase"];
  /** Of both phases together. */
  readonly step: number;
  /** Evaluations of the field in one training step, forwards and backwards. */
  readonly nfe: number;
  readonly stepsPerSecond: number;
}

/**
 * NLL in nats of the points that are trained on, and of the density that they are drawn from. What they differ by from
 * the NLL of the true density, which is known, is estimated on some of the points.
 */
export interface Judged {
  readonly type: "judged";
  readonly step: number;
  readonly train: number;
  readonly heldOut: number;
}

/** The density on a grid of cells over the window. */
export interface Frame {
  readonly type: "frame";
  readonly step: number;
  readonly size: number;
  /** [size, size] log p at the cells' centres in nats, row 0 at the top. */
  readonly logDensity: Float32Array;
  /** ∫ p over the window by the midpoint rule. */
  readonly mass: number;
}

export interface Samples {
  readonly type: "samples";
  /** [n, 2] */
  readonly points: Float32Array;
}

export type Event =
  | Opened
  | { readonly type: "ready"; readonly parameters: number }
  | Progress
  | Judged
  | Frame
  | Samples
  | Course
  | Moment
  /** [n, 2] */
  | { readonly type: "drawn"; readonly points: Float32Array }
  | { readonly type: "paused" }
  | { readonly type: "finished" }
  /** Training cannot go on: the weights may hold anything. */
  | { readonly type: "trouble"; readonly reason: string }
  | { readonly type: "failed"; readonly failure: Failure };

/** Samples that are drawn. */
export const SAMPLES = 2500;
