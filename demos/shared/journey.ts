/**
 * What the time slider shows, computed in the worker while training is paused: particles at all times at once, then
 * density and field time by time, from coarse to fine. What an interruption left undone is done at the next call.
 */
import type { Flow } from "fjordgpu";
import { fieldAt, scalingOf } from "./carry.js";
import type { Course, Moment } from "./course.js";
import { cellCentres, coarseToFine } from "./grid.js";

export interface JourneyOptions {
  /** [low, high] of both axes, in data coordinates. */
  readonly window: readonly [number, number];
  readonly seed: number;
  /** Particles that are followed. */
  readonly samples: number;
  /** [m, 2] further points of the noise that are followed; may be empty. */
  readonly mesh: Float32Array;
  /** Cells along a side at whose centres the field is taken; 0: none. */
  readonly arrows: number;
  /** Times at which particles are kept, and one density for so many of them. */
  readonly times: number;
  readonly stride: number;
  /** Cells of a density along a side. */
  readonly size: number;
}

/** Times and cells that an adapter keeps up with. */
export const COURSE_DETAIL = {
  software: { times: 33, stride: 4, size: 36 },
  hardware: { times: 65, stride: 1, size: 96 },
} as const;

export class Journey {
  #step = -1;
  #times: readonly number[] = [];
  #left: number[] = [];

  constructor(
    readonly options: JourneyOptions,
    readonly post: (event: Course | Moment, transfer?: Transferable[]) => void,
  ) {}

  /** From T down to 0; empty before the first call of `advance`. */
  get times(): readonly number[] {
    return this.#times;
  }

  /**
   * Computes the next part for the flow as it is after `step`; false: nothing is left.
   * @throws FjordError `aborted`, `solve-failed`, DeviceLostError
   */
  async advance(flow: Flow, step: number, signal: AbortSignal): Promise<boolean> {
    const { times, stride, size, window, arrows } = this.options;
    if (step !== this.#step) {
      const T = await flow.T();
      this.#times = Array.from({ length: times }, (_, i) => T * (1 - i / (times - 1)));
      await this.#carry(flow, step, signal);
      this.#left = coarseToFine((times - 1) / stride).map((index) => index * stride);
      this.#step = step;
      return true;
    }
    const index = this.#left[0];
    if (index === undefined) return false;
    const t = this.#times[index]!;
    const logDensity = await flow.logProb(cellCentres(size, window), { at: t, signal });
    const field =
      arrows > 0 ? (await fieldAt(flow, cellCentres(arrows, window), t)).velocity : new Float32Array();
    this.#left.shift();
    this.post({ type: "moment", step, index, size, logDensity, field }, [logDensity.buffer, field.buffer]);
    return this.#left.length > 0;
  }

  async #carry(flow: Flow, step: number, signal: AbortSignal): Promise<void> {
    const { seed, samples: count, mesh: nodes, stride } = this.options;
    // Those that the page shows otherwise, back to where they came from.
    const { z: base } = await flow.transform(await flow.sample(count, { seed, signal }), { signal });
    const points = new Float32Array(base.length + nodes.length);
    points.set(base);
    points.set(nodes, base.length);
    const frames = await flow.trajectory(points, this.#times, { signal });
    const samples = frames.map((frame) => frame.slice(0, base.length));
    const mesh = frames.map((frame) => frame.slice(base.length));
    const { mean, std } = scalingOf(flow);
    const buffers = [...samples, ...mesh].map(({ buffer }) => buffer);
    this.post({ type: "course", step, times: this.#times, stride, mean, std, samples, mesh }, buffers);
  }
}
