/** The part of the messages that is about looking at a flow: its course in time, single points, rings, checks. */
import type { Course, Moment } from "../shared/course.js";
import type { Drawn, Frame } from "../shared/display.js";
import type { SelfTest } from "./self-test.js";

/** The flow at a place and a time; the answer is Inspected. */
export interface Inspect {
  readonly type: "inspect";
  /** Counts requests: the page drops answers to all but its last. */
  readonly id: number;
  readonly place: readonly [x: number, y: number];
  readonly t: number;
}

/** A ring of particles dropped at a time; the answer is Ring. */
export interface DropRing {
  readonly type: "ring";
  readonly id: number;
  readonly place: readonly [x: number, y: number];
  readonly t: number;
  readonly radius: number;
}

/** What the picture is to show; the answer is Drawn. */
export type Look = Seen & Frame;

export interface Seen {
  /** 0: noise; 1: data. */
  readonly progress: number;
  /** Whether time leads from data to noise. */
  readonly turned: boolean;
  readonly scale: "linear" | "log";
  readonly layers: Readonly<Record<PictureLayer, boolean>>;
}

export const PICTURE_LAYERS = ["density", "contours", "data", "samples", "trails", "field", "mesh"] as const;

export type PictureLayer = (typeof PICTURE_LAYERS)[number];

export type ViewCommand =
  | Inspect
  | DropRing
  | { readonly type: "look"; readonly look: Look }
  /** The canvas that was handed over stays empty: pixels from now on. */
  | { readonly type: "read-back" }
  /** One training step, then pause again. */
  | { readonly type: "single" }
  /** Out of trouble: back to an earlier state of the weights, at half the learning rate or at the same. */
  | { readonly type: "rewind"; readonly slower: boolean };

export interface Inspected {
  readonly type: "inspected";
  readonly id: number;
  readonly place: readonly [x: number, y: number];
  readonly t: number;
  /** dx/dt there, per unit of time. */
  readonly velocity: readonly [number, number];
  /** ∇·f there. */
  readonly divergence: number;
  /** log p_t there, nats. */
  readonly logDensity: number;
  /** [k, 2] the way from noise to data through the point. */
  readonly path: Float32Array;
}

export interface Ring {
  readonly type: "ringed";
  readonly id: number;
  /** When it was dropped. */
  readonly t: number;
  /** Of the course. */
  readonly times: readonly number[];
  /** [RING, 2] for every time. */
  readonly places: readonly Float32Array[];
  /** [2] for every time: what was its centre. */
  readonly centre: readonly Float32Array[];
  /** ∫ ∇·f dt along the centre's way from t to every time. */
  readonly logArea: readonly number[];
  /** log p at the centre when it was dropped, nats. */
  readonly logDensity: number;
}

/** Data → noise → data of some points of the data. */
export interface Check {
  readonly type: "check";
  /** None where nothing is computed in float32. */
  readonly f32?: SelfTest;
  readonly step: number;
  readonly points: number;
  /** Distances of the points from where they began, in data coordinates. */
  readonly median: number;
  readonly max: number;
  /** Evaluations of the field from data to noise. */
  readonly nfe: number;
}

/** Training cannot go on as it is; it waits for `rewind` or a new run. */
export interface Trouble {
  readonly type: "trouble";
  readonly step: number;
  readonly reason: string;
  /** The step that `rewind` goes back to. */
  readonly backTo: number;
  /** The learning rate it then takes, if it is to be halved. */
  readonly lr: number;
}

export type ViewEvent = Drawn | Course | Moment | Inspected | Ring | Check | Trouble;

/** Points of the data that are drawn. */
export const DATA_POINTS = 2_000;
/** Samples that are drawn, where not more are wanted. */
export const SAMPLES = 2_000;
/** Of them those that draw trails. */
export const TRAILS = 200;
/** Arrows along a side of the window. */
export const ARROWS = 15;
/** Particles of a ring. */
export const RING = 64;
/** Lines of the mesh each way, and nodes along each line. */
export const MESH = { lines: 13, nodes: 49, half: 3 };
