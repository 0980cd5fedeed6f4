/** What can be learned here: the gallery's sets and, once there are some, points of the reader's own. */
import { data } from "fjordgpu";
import type { Config } from "./config.js";

/** The sets of the gallery, in its order; all of them live on the same window. */
export const SETS = [
  "moons",
  "circles",
  "8gaussians",
  "pinwheel",
  "2spirals",
  "checkerboard",
  "rings",
  "swissroll",
  "smiley",
].map((name) => data.toy(name));

/** The name under which a configuration speaks of the reader's own points. */
export const OWN = "own";

/** The square on which points are drawn. */
export const DRAWING_WINDOW = [-4, 4] as const;

/** Points of the reader's own, as plain data: the page and its worker each keep them. */
export interface OwnData {
  readonly kind: "drawn" | "file";
  /** e.g. "Your drawing", "penguins.csv". */
  readonly title: string;
  /** [n, 2] in the coordinates of the picture. */
  readonly points: Float32Array<ArrayBuffer>;
  /** What the coordinates stand for. */
  readonly columns: readonly [x: string, y: string];
  /** A value of the file is mean + std · coordinate; absent for a drawing. */
  readonly scaling?: {
    readonly mean: readonly [x: number, y: number];
    readonly std: readonly [x: number, y: number];
  };
}

let own: OwnData | undefined;
/** What is made of it: looking through all points takes a while where they are many. */
let ownSet: data.ToySet | undefined;

export function ownData(): OwnData | undefined {
  return own;
}

/** Makes these points the set OWN, in place of any before. */
export function defineOwn(data: OwnData | undefined): void {
  own = data;
  ownSet = undefined;
}

/** What a configuration learns. @throws ArgumentError for a name that neither the library nor the reader has given */
export function setOf(config: Pick<Config, "set" | "noise">): data.ToySet {
  if (config.set !== OWN || !own) return data.toy(config.set, noiseOf(config));
  ownSet ??= setFrom(own);
  return ownSet;
}

/** The factor of a set's noise; 1 for sets that have none of their own. */
export function noiseOf({ set, noise }: Pick<Config, "set" | "noise">): number {
  return set !== OWN && data.toy(set).withNoise ? noise : 1;
}

/** Half widths with round quarters, so that the axes' numbers stay short. */
const HALF_WIDTHS = [2, 3, 4, 6, 8];
const NEARLY_ALL = 0.995;
/** Points that are looked at for it. */
const MOST_SORTED = 25_000;

/** The square around the origin that shows all but the farthest of standardised points. */
export function windowAround(points: Float32Array): readonly [number, number] {
  // A share of many is known well enough from some.
  const every = Math.ceil(points.length / 2 / MOST_SORTED);
  const some = points.filter((_, i) => Math.floor(i / 2) % every === 0);
  const reach = some.map(Math.abs).sort();
  const far = 1.1 * (reach[Math.floor(NEARLY_ALL * (reach.length - 1))] ?? 0);
  const half = HALF_WIDTHS.find((width) => width >= far) ?? HALF_WIDTHS.at(-1)!;
  return [-half, half];
}

function setFrom({ kind, title, points, columns: [x, y] }: OwnData): data.ToySet {
  const count = points.length / 2;
  const scaled = "each shifted and scaled to mean 0 and standard deviation 1";
  return {
    name: OWN,
    title,
    about:
      kind === "drawn"
        ? `${count} points drawn by hand.`
        : `${count} points, ${x} across and ${y} up, ${scaled}.`,
    // Evenly from the whole, in its order: the first of a drawing are its first stroke.
    sample: (n) => {
      const taken = Math.min(n, count);
      const some = new Float32Array(2 * taken);
      for (let i = 0; i < taken; i++) {
        const from = Math.floor((i * count) / taken);
        some.set(points.subarray(2 * from, 2 * from + 2), 2 * i);
      }
      return some;
    },
    window: kind === "drawn" ? DRAWING_WINDOW : windowAround(points),
  };
}
