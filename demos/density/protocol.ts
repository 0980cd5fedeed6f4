/** What the page and its training worker say to each other. Every message also carries a run number. */
import type { TrainReport } from "fjordgpu";
import type { Failure } from "../shared/failure.js";
import type { Config } from "./config.js";
import type { Float64State } from "./cpu/training.js";
import type { ViewCommand, ViewEvent } from "./protocol-view.js";
import type { OwnData } from "./sets.js";
import type { AskSlow, SlowFailed, SlowStep } from "./slow/protocol.js";

export interface Layers {
  readonly density: boolean;
  readonly samples: boolean;
  /** False while the tab is hidden: training goes on, drawing does not. */
  readonly visible: boolean;
}

/** What the page shows of a run. */
export interface Shown extends Layers {
  /** Samples that are wanted. */
  readonly count: number;
}

/** A flow that does not begin untrained. */
export interface Beginning {
  /** A model file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it is a checkpoint, which goes on as if it had never stopped; else its weights alone are taken. */
  readonly resume: boolean;
  /** Where a run in float64 stands, beside its model: on the CPU it goes on as if it had never stopped. */
  readonly float64?: Float64State;
  /** Training steps that it has behind it. */
  readonly step: number;
  /** Whether the first of those steps was taken from weights that somebody had already. */
  readonly weights?: boolean;
}

/**
 * "weights": a model for the reader, in the units of the data. "keep": all that continuing the run takes. "recover": the
 * same, sent every hundred steps without being asked for, in case the device is lost.
 */
export type Purpose = "weights" | "keep" | "recover";

export type Command =
  | {
      readonly type: "open";
      /** To draw on, where the page can give one; it is not used on an emulated GPU unless `direct` is set. */
      readonly canvas: OffscreenCanvas | undefined;
      readonly direct: boolean;
      /** Whether the CPU stands in where there is no WebGPU: not where there was some a moment ago. */
      readonly cpu: boolean;
    }
  | {
      readonly type: "configure";
      readonly config: Config;
      readonly layers: Shown;
      readonly own: OwnData | undefined;
      readonly beginning: Beginning | undefined;
      readonly pace: number;
    }
  /** Steps between pictures while it trains; 0: as time allows. */
  | { readonly type: "pace"; readonly steps: number }
  | AskSlow
  | { readonly type: "save"; readonly purpose: Exclude<Purpose, "recover"> }
  /** Asks for n samples of the flow as it is. */
  | { readonly type: "draw"; readonly count: number }
  | { readonly type: "start" }
  /** The run ends after so many steps of likelihood, counted from its beginning; for one that has ended, before "start". */
  | { readonly type: "extend"; readonly steps: number }
  | { readonly type: "pause" }
  | { readonly type: "layers"; readonly layers: Shown }
  | ViewCommand;

export interface Opened {
  readonly type: "opened";
  /** e.g. "google swiftshader". */
  readonly adapter: string;
  readonly isSoftware: boolean;
  /** Set where the CPU computes in float64: why there is no WebGPU, and what to do about it. */
  readonly withoutWebGpu?: string;
}

/** How training goes; see TrainReport of the library. */
export interface Progress {
  readonly type: "progress";
  readonly phase: TrainReport["phase"];
  /** Of both phases together. */
  readonly step: number;
  /** Mean NLL of the batches since the last report, nats; the warm start has none. */
  readonly loss: number | undefined;
  readonly heldOut: number | undefined;
  /** Held-out NLL above the entropy of the data, nats. */
  readonly kl: number | undefined;
  /** Evaluations of the field in one training step, forwards and backwards. */
  readonly nfe: number;
  readonly nfeBackward: number;
  readonly stepsPerSecond: number;
  /** Spent on training so far, pauses and pictures not counted. */
  readonly seconds: number;
  /** Milliseconds that a step took when last nothing else was done beside; none so far: undefined. */
  readonly stepTime: number | undefined;
}

/** The density on a grid of cells over the window of the data. */
export interface Frame {
  readonly type: "frame";
  readonly step: number;
  readonly size: number;
  /** [size, size] log p at the cells' centres in nats, row 0 at the top. */
  readonly logDensity: Float32Array;
  /** ∫ p over the window by the midpoint rule. */
  readonly mass: number;
}

export type Event =
  | Opened
  | { readonly type: "ready"; readonly parameters: number }
  | Progress
  | Frame
  /** There are other samples to be seen, so many. */
  | { readonly type: "samples"; readonly count: number }
  | { readonly type: "saved"; readonly purpose: Purpose; readonly beginning: Beginning }
  /** [n, 2] row-major, in the coordinates of the picture. */
  | { readonly type: "drawn"; readonly points: Float32Array }
  | { readonly type: "paused" }
  | { readonly type: "finished" }
  | SlowStep
  | SlowFailed
  | { readonly type: "failed"; readonly failure: Failure }
  | ViewEvent;
