/**
 * What a toy data set is: how to draw from it and, where it has one, its exact density.
 */
import { integerIn } from "../gpu/errors.js";
import { RandomStream } from "../tensor/philox.js";
import { PURPOSE } from "../tensor/random.js";

/** log p(x, y) in nats, −∞ where the density is zero. */
export type LogDensity2d = (x: number, y: number) => number;

export interface ToySet {
  /** FFJORD's name, e.g. "8gaussians". */
  readonly name: string;
  /** What a menu shows. */
  readonly title: string;
  /** One sentence. */
  readonly about: string;
  /**
   * n independent points, [n, 2] row-major. The first m rows of a longer draw are the draw of m rows.
   * @throws ArgumentError unless n is an integer of at least 0 and seed one from 0 to 2^53 − 1.
   */
  sample(n: number, seed: number): Float32Array<ArrayBuffer>;
  /** The exact density, noise included; absent where all mass lies on a curve. */
  readonly logDensity?: LogDensity2d;
  /**
   * Differential entropy in nats: no model has a lower expected NLL. Where there is a density; of sets with another
   * noise than their own for the factors ½ and 2 alone.
   */
  readonly entropy?: number;
  /** [low, high] of both axes: a square that shows the set and holds all but about 2e-4 of its mass. */
  readonly window: readonly [number, number];
  /**
   * The set with so many times its noise, everything else the same. Absent where there is none to scale.
   * @throws ArgumentError unless the factor lies between 0.25 and 4
   */
  withNoise?(factor: number): ToySet;
}

export type Point = [x: number, y: number];

/** Turns "draw one point" into `ToySet.sample`; points are made in float64 and rounded once. */
export function sampler(draw: (stream: RandomStream) => Point): ToySet["sample"] {
  return (n, seed) => {
    integerIn("The number of points", n, 0);
    const stream = new RandomStream(seed, PURPOSE.data);
    const points = new Float32Array(2 * n);
    for (let i = 0; i < n; i++) {
      const [x, y] = draw(stream);
      points[2 * i] = x;
      points[2 * i + 1] = y;
    }
    return points;
  };
}

/** A density whose tables are built at its first call; NaN in gives NaN out, a point at infinity −∞. */
export function lazyDensity(build: () => LogDensity2d): LogDensity2d {
  let density: LogDensity2d | undefined;
  return (x, y) => {
    const sum = Math.abs(x) + Math.abs(y);
    if (!Number.isFinite(sum)) return Number.isNaN(sum) ? Number.NaN : Number.NEGATIVE_INFINITY;
    density ??= build();
    return density(x, y);
  };
}
