/** Toy sets whose noise can be scaled. */
import { ArgumentError } from "../gpu/errors.js";
import type { ToySet } from "./toy-set.js";

/** Outside of these a set is a curve for all that f32 can tell, or a blob. */
const LEAST = 0.25;
const MOST = 4;

/** Differential entropies in nats, by the factor of the noise: quadratures of the density, good to 1e-4. */
export type Entropies = Readonly<Record<0.5 | 1 | 2, number>>;

/** The set that `make` gives for the factor 1, able to give those of other factors. */
export function noisy(make: (noise: number) => ToySet): ToySet {
  return {
    ...make(1),
    withNoise: (factor) => {
      if (factor >= LEAST && factor <= MOST) return scaled(make, factor);
      throw new ArgumentError(`The noise is ${factor}.`, `It must be a factor between ${LEAST} and ${MOST}.`);
    },
  };
}

function scaled(make: (noise: number) => ToySet, factor: number): ToySet {
  return { ...noisy(make), ...make(factor) };
}

/** The entropy where it is tabulated. */
export function entropyOf(table: Entropies, noise: number): number | undefined {
  return Object.entries(table).find(([factor]) => Number(factor) === noise)?.[1];
}

/** Half widths of a window whose quarters are short numbers. */
const HALVES = [4, 5, 6, 8];

/** The window of a set that fits into [−4, 4] with its own noise sigma. */
export function windowFor(sigma: number, noise: number): readonly [number, number] {
  // Tails grow with the noise: 3.5 deviations of what has been added.
  const least = 4 + 3.5 * sigma * Math.max(0, noise - 1);
  const half = HALVES.find((width) => width >= least) ?? HALVES.at(-1)!;
  return [-half, half];
}

/** Nodes of a quadrature along a curve that is blurred by so many times its usual noise. */
export function nodesFor(usual: number, noise: number): number {
  return Math.ceil(usual / Math.min(1, noise));
}
