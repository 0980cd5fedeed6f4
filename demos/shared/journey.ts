/**
 * What the time slider shows, computed in the worker while training is paused: particles at all times at once, then
 * density and field time by time, from coarse to fine. What an interruption left undone is done at the next call.
 */
import type { Flow } from "fjordgpu";
import { scalingOf } from "./carry.js";
import type { Course, Moment } from "./course.js";
import { cellCentres, coarseToFine } from "./grid.js";

export interface JourneyOptions {
  /** [low, high] of both axes, in data coordinates. */
  readonly window: readonly [number, number];
  readonly seed: number;
  /** Particles that are followed. */
  readonly samples: number;
  /** Times at which particles are kept, and one density for so many of them. */
  readonly times: number;
  readonly stride: number;
  /** Cells of a density along a side. */
  readonly size: number;
}

/** Densities that make a course good to look at: what else there is to compute may come before the others. */
export const ROUGH = 9;

/** Times and cells that an adapter keeps up with: on emulated GPUs a density takes some 150 ms, on the CPU a second. */
export const COURSE_DETAIL = {
  float64: { times: 65, stride: 4, size: 24 },
  software: { times: 65, stride: 1, size: 36 },
  hardware: { times: 65, stride: 1, size: 96 },
} as const;

/** What travels: a flow on a device, or one in float64 that answers the same calls. */
export type Traveller = Pick<Flow, "T" | "standardisation" | "baseOf" | "trajectory" | "logProb">;

/** Of a Moment what is computed for it. */
export type SeenMoment = Pick<Moment, "logDensity" | "field">;

export class Journey {
  #step = -1;
  #times: readonly number[] = [];
  #left: number[] = [];

  constructor(
    readonly options: JourneyOptions,
    readonly post: (event: Course | Moment, transfer?: Transferable[]) => void,
  ) {}

  /** Densities that the page has of the flow as it is after `step`. */
  knownAt(step: number): number {
    const { times, stride } = this.options;
    return step === this.#step ? (times - 1) / stride + 1 - this.#left.length : 0;
  }

  /** The page has dropped the course: it is computed anew, even if the flow is as it was. */
  forget(): void {
    this.#step = -1;
  }

  /** From T down to 0; empty before the first call of `advance`. */
  get times(): readonly number[] {
    return this.#times;
  }

  /**
   * Computes the next part for the flow as it is after `step`; false: nothing is left.
   * @throws FjordError `aborted`, `solve-failed`, DeviceLostError
   */
  async advance(flow: Traveller, step: number, signal: AbortSignal): Promise<boolean> {
    const { times, stride, size } = this.options;
    if (step !== this.#step) {
      const T = await flow.T();
      this.#times = Array.from({ length: times }, (_, i) => T * (1 - i / (times - 1)));
      const samples = await this.follow(flow, signal);
      // Put off: the flow may be another by now.
      if (signal.aborted) return true;
      const { mean, std } = scalingOf(flow);
      const buffers = samples.map(({ buffer }) => buffer);
      this.post({ type: "course", step, times: this.#times, stride, mean, std, samples }, buffers);
      this.#left = coarseToFine((times - 1) / stride).map((index) => index * stride);
      this.#step = step;
      return true;
    }
    const index = this.#left[0];
    if (index === undefined) return false;
    const { logDensity, field } = await this.momentAt(flow, index, signal);
    if (signal.aborted) return true;
    this.#left.shift();
    this.post({ type: "moment", step, index, size, logDensity, field }, [logDensity.buffer, field.buffer]);
    return this.#left.length > 0;
  }

  /** Particles [n, 2] at every time. */
  protected async follow(flow: Traveller, signal: AbortSignal): Promise<Float32Array[]> {
    const { samples, seed } = this.options;
    // Those that the page shows otherwise, from where they come from.
    return flow.trajectory(flow.baseOf(samples, seed), this.times, { signal });
  }

  /** See Moment. @param index of its time */
  protected async momentAt(flow: Traveller, index: number, signal: AbortSignal): Promise<SeenMoment> {
    const { size, window } = this.options;
    const logDensity = await flow.logProb(cellCentres(size, window), { at: this.times[index]!, signal });
    return { logDensity, field: new Float32Array() };
  }
}
