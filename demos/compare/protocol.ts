/** What the page and its worker say to each other. Every message also carries a run number. */
import type { TrainReport } from "fjordgpu";
import type { Frame, Layers, Opened } from "../density/protocol.js";
import type { OwnData } from "../density/sets.js";
import type { Course, Moment } from "../shared/course.js";
import type { Failure } from "../shared/failure.js";
import type { Pair, SideName } from "./pair.js";

export type Command =
  | { readonly type: "open" }
  | {
      readonly type: "configure";
      readonly pair: Pair;
      readonly layers: Layers;
      readonly own: OwnData | undefined;
    }
  | { readonly type: "start" }
  /** One training step of each, then a pause. */
  | { readonly type: "single" }
  | { readonly type: "pause" }
  | { readonly type: "layers"; readonly layers: Layers };

/** How a turn of one side went. */
export interface Progress {
  readonly type: "progress";
  readonly side: SideName;
  readonly phase: TrainReport["phase"];
  /** Of both phases together. */
  readonly step: number;
  /** Mean NLL of the turn's batches, nats; the warm start has none. */
  readonly loss: number | undefined;
  readonly nfe: number;
  readonly nfeBackward: number;
  /** Milliseconds a step of this turn, in which the device did nothing else. */
  readonly stepTime: number;
  /** Of all turns of this side together. */
  readonly seconds: number;
}

/** A side on the held-out points, which are the same for both. */
export interface Judged {
  readonly type: "judged";
  readonly side: SideName;
  readonly step: number;
  /** Mean NLL, nats. */
  readonly heldOut: number;
  /** Above the entropy of the data, nats, where that is known. */
  readonly kl: number | undefined;
}

export interface Samples {
  readonly type: "samples";
  readonly step: number;
  /** [n, 2] row-major. */
  readonly points: Float32Array;
}

/** Something for the picture of one side. */
export interface Seen {
  readonly type: "seen";
  readonly side: SideName;
  readonly event: Frame | Samples | Course | Moment;
}

/** One side cannot go on, so neither does. */
export interface Trouble {
  readonly type: "trouble";
  readonly side: SideName;
  readonly step: number;
  readonly reason: string;
}

export type Event =
  | Opened
  | { readonly type: "ready"; readonly parameters: Readonly<Record<SideName, number>> }
  /** The kernels of training are being compiled, before the clocks start. */
  | { readonly type: "compiling" }
  | { readonly type: "compiled" }
  | Progress
  | Judged
  | Seen
  | Trouble
  | { readonly type: "paused" }
  | { readonly type: "finished" }
  | { readonly type: "failed"; readonly failure: Failure };
