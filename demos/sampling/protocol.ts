/** What the sampling page and its worker say to each other. Every message also carries a run number. */
import type { Drawn, Frame } from "../shared/display.js";
import type { Failure } from "../shared/failure.js";

/** Carry points of noise to data; the answers are Carried and Measured. */
export interface Carry {
  readonly type: "carry";
  /** Counts requests. */
  readonly id: number;
  /** Of the toy data, and of the trained flow. */
  readonly model: string;
  /** Of the flow's file. */
  readonly url: string;
  readonly count: number;
  readonly seed: number;
  /** Factor of the noise. */
  readonly temperature: number;
  /** While a slider is dragged: as many points as the device keeps up with, at most `count`. */
  readonly dragged: boolean;
}

/** What the picture is to show; the answer is Drawn. */
export interface Seen {
  /** 0: noise; 1: data. */
  readonly progress: number;
  readonly paths: boolean;
}

export type Look = Seen & Frame;

export type Command =
  | {
      readonly type: "open";
      /** To draw on, where the page can give one; it is not used on an emulated GPU unless `direct` is set. */
      readonly canvas: OffscreenCanvas | undefined;
      readonly direct: boolean;
    }
  | Carry
  | { readonly type: "look"; readonly look: Look }
  /** The canvas that was handed over stays empty: pixels from now on. */
  | { readonly type: "read-back" };

/** The points are on their way, at evenly spaced times from T (noise) down to 0 (data). */
export interface Carried {
  readonly type: "carried";
  readonly id: number;
  readonly T: number;
  /** Points in the picture. */
  readonly count: number;
  readonly dragged: boolean;
  /** [FRAMES, k, 2]: the first k of them, at most SEEN. */
  readonly seen: Float32Array;
  /** Evaluations of the field by the solver. */
  readonly nfe: number;
  readonly milliseconds: number;
}

/** How far the samples are from held-out data, for sets of different sizes. */
export interface Measured {
  readonly type: "measured";
  readonly id: number;
  readonly sizes: readonly number[];
  /** Energy distances between samples of the flow and data. */
  readonly flow: readonly number[];
  /** Those between data and data, on average. */
  readonly data: readonly number[];
  /** Multiples of that average between which nine of ten such pairs lie. */
  readonly range: readonly [low: number, high: number];
}

export type Event =
  | { readonly type: "opened"; readonly adapter: string; readonly isSoftware: boolean }
  | Carried
  | Measured
  | Drawn
  | { readonly type: "failed"; readonly failure: Failure };

/** Times at which points are kept. */
export const FRAMES = 33;
/** Points that the page has in numbers. */
export const SEEN = 2000;
/** Colours that tell where points began. */
export const HUES = 24;
/** Points that leave a line behind. */
export const PATHS = 72;
