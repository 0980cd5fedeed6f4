/** The course of the flow as the page has it so far, at any time between noise (progress 0) and data (1). */
import type { Course, Moment } from "./course.js";

export interface Density {
  readonly size: number;
  /** [size, size] nats, row 0 at the top. */
  readonly logDensity: Float32Array;
}

export class Stage {
  #course: Course | undefined;
  readonly #moments = new Map<number, Moment>();

  begin(course: Course): void {
    this.clear();
    this.#course = course;
  }

  /** Moments of another course are not taken. */
  add(moment: Moment): void {
    if (this.#course?.step === moment.step) this.#moments.set(moment.index, moment);
  }

  clear(): void {
    this.#course = undefined;
    this.#moments.clear();
  }

  get course(): Course | undefined {
    return this.#course;
  }

  /** End of the flow's interval. */
  get T(): number {
    return this.#course?.times[0] ?? 1;
  }

  /** Densities known, and how many there will be. */
  get known(): number {
    return this.#moments.size;
  }

  get wanted(): number {
    return this.#course ? (this.#course.times.length - 1) / this.#course.stride + 1 : 0;
  }

  samplesAt(progress: number): Float32Array | undefined {
    return this.#course && between(this.#course.samples, progress);
  }

  /** Between two known densities their geometric mean, which moves a bump instead of fading it out and in. */
  densityAt(progress: number): Density | undefined {
    const blend = this.#neighbours(progress);
    if (!blend) return undefined;
    const { before, after, share } = blend;
    return { size: before.size, logDensity: mixed(before.logDensity, after.logDensity, share) };
  }

  /** The field; see Moment. */
  fieldAt(progress: number): Float32Array | undefined {
    const blend = this.#neighbours(progress);
    return blend && mixed(blend.before.field, blend.after.field, blend.share);
  }

  #neighbours(progress: number): Neighbours<Moment> | undefined {
    return this.#course && neighbours(this.#moments.values(), progress * (this.#course.times.length - 1));
  }
}

interface Neighbours<M> {
  readonly before: M;
  readonly after: M;
  /** Of the way from the one to the other. */
  readonly share: number;
}

/** The known moments around a position; at either end and with only one both are the same. */
export function neighbours<M extends { readonly index: number }>(
  moments: Iterable<M>,
  position: number,
): Neighbours<M> | undefined {
  let before: M | undefined;
  let after: M | undefined;
  for (const moment of moments) {
    if (moment.index <= position && (!before || moment.index > before.index)) before = moment;
    if (moment.index >= position && (!after || moment.index < after.index)) after = moment;
  }
  before ??= after;
  after ??= before;
  if (!before || !after) return undefined;
  const gap = after.index - before.index;
  return { before, after, share: gap === 0 ? 0 : (position - before.index) / gap };
}

/** One of evenly spaced arrays, or the straight line between two. */
export function between(frames: readonly Float32Array[], progress: number): Float32Array {
  const position = progress * (frames.length - 1);
  return mixed(frames[Math.floor(position)]!, frames[Math.ceil(position)]!, position % 1);
}

function mixed(a: Float32Array, b: Float32Array, share: number): Float32Array {
  return share === 0 ? a : a.map((value, i) => value + share * (b[i]! - value));
}

/**
 * KL(p_t ‖ base) over the window in nats, by the midpoint rule: how far the density is from noise.
 * @param mean, std of the base in these coordinates
 */
export function distanceFromNoise(
  { size, logDensity }: Density,
  [low, high]: readonly [number, number],
  { mean, std }: Pick<Course, "mean" | "std">,
): number {
  const cell = (high - low) / size;
  const constant = Math.log(2 * Math.PI * std[0] * std[1]);
  let sum = 0;
  for (let i = 0; i < logDensity.length; i++) {
    const x = (low + ((i % size) + 0.5) * cell - mean[0]) / std[0];
    const y = (high - (Math.floor(i / size) + 0.5) * cell - mean[1]) / std[1];
    const log = logDensity[i]!;
    sum += Math.exp(log) * (log + constant + (x * x + y * y) / 2) * cell * cell;
  }
  return sum;
}
