/**
 * What a solver sees of a field on the GPU: where to put a stage's point, where its derivative appears, and the
 * commands in between. The MLP and user-written fields both implement it.
 */
import type { Buffer } from "../gpu/buffer.js";
import type { Command } from "../gpu/submit.js";

/** Planes of rows: entry d of sample b in plane p stands at word `at + p·plane + b·ld + d`. */
export interface Planes {
  readonly buffer: Buffer;
  /** Words; a multiple of 64, so that the planes can be bound on their own. */
  readonly at: number;
  readonly plane: number;
  readonly ld: number;
  /** Words from `at` to the end of the last plane. */
  readonly size: number;
}

export interface FieldProgram {
  readonly batch: number;
  /** D. */
  readonly dim: number;
  readonly input: Planes;
  readonly output: Planes;
  /** Evaluates at t + c h of the control block. With a trace, −tr goes to `minusTrace` (f32 [batch]). */
  evaluate(stage: StagePlace): Command[];
}

/** Which stage is evaluated, as far as a field needs to know. */
export interface StagePlace {
  readonly index: number;
  /** Abscissa c and weight b of the stage. */
  readonly c: number;
  readonly b: number;
  /** Where −tr of this stage goes; undefined without a trace. */
  readonly minusTrace?: { readonly buffer: Buffer; readonly offset: number; readonly size: number };
}

/** The bound view of planes, 256-byte aligned. */
export function planesView(planes: Planes) {
  return planes.buffer.words(planes.at, planes.size);
}
