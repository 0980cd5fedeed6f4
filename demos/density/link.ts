/**
 * A run's configuration as the fragment of a link: short keys, a version, and the points of a drawing. Weights are not
 * in it, nor are points from a file: those are the reader's own affair.
 */
import { type Config, parseSetting } from "./config.js";
import { DRAWING_WINDOW, defineOwn, OWN, type OwnData } from "./sets.js";

const VERSION = "1";

const KEYS: Record<keyof Config, string> = {
  set: "d",
  rows: "n",
  noise: "q",
  heldOut: "o",
  hidden: "h",
  layer: "l",
  activation: "a",
  T: "i",
  solver: "s",
  solverSteps: "k",
  rtol: "e",
  trace: "t",
  kinetic: "c",
  jacobian: "j",
  warm: "w",
  optimiser: "u",
  lr: "r",
  batch: "b",
  seed: "x",
  steps: "m",
};
const POINTS = "p";

/** Points in a link: two bytes each, four characters for three bytes, 2,048 characters in all. */
const MOST_POINTS = 768;
/** Fewer are no shape. */
export const FEWEST_POINTS = 20;

/** The fragment, without "#". */
export function fragmentOf(config: Config, own: OwnData | undefined): string {
  const parts = new URLSearchParams({ v: VERSION });
  for (const [name, key] of Object.entries(KEYS)) parts.set(key, String(config[name as keyof Config]));
  if (config.set === OWN) {
    if (own?.kind === "drawn") parts.set(POINTS, packPoints(own.points));
    // A link cannot name points that it does not carry.
    else parts.delete(KEYS.set);
  }
  return parts.toString();
}

/**
 * Reads a fragment, with or without "#". Points in it become the set OWN.
 * @returns the settings it names, and the parts that could not be used; undefined when it is no configuration,
 *   such as the name of a place in the page
 */
export function readFragment(
  fragment: string,
): { readonly changes: Partial<Config>; readonly ignored: string[] } | undefined {
  const parts = new URLSearchParams(fragment.replace(/^#/, ""));
  const version = parts.get("v");
  if (version === null) return undefined;
  if (version !== VERSION) return { changes: {}, ignored: [`v=${version}`] };
  const changes: Partial<Config> = {};
  const ignored: string[] = [];
  const packed = parts.get(POINTS);
  if (packed !== null) {
    const points = unpackPoints(packed);
    if (points) defineOwn({ kind: "drawn", title: "Your drawing", points, columns: ["x", "y"] });
    else ignored.push(`${POINTS}=${packed.slice(0, 20)}…`);
  }
  for (const [key, text] of parts) {
    if (key === "v" || key === POINTS) continue;
    const name = Object.keys(KEYS).find((one) => KEYS[one as keyof Config] === key) as
      | keyof Config
      | undefined;
    const value = name && parseSetting(name, text);
    if (name === undefined || value === undefined) ignored.push(`${key}=${text}`);
    else Object.assign(changes, { [name]: value });
  }
  return { changes, ignored };
}

/** At most 768 of the points [n, 2], evenly from all, as base64url: a byte for each coordinate. */
export function packPoints(points: Float32Array): string {
  const count = points.length / 2;
  const taken = Math.min(count, MOST_POINTS);
  const [low, high] = DRAWING_WINDOW;
  let bytes = "";
  for (let i = 0; i < taken; i++) {
    const from = Math.floor((i * count) / taken);
    for (const value of points.subarray(2 * from, 2 * from + 2)) {
      const cell = Math.floor((256 * (value - low)) / (high - low));
      bytes += String.fromCharCode(Math.min(255, Math.max(0, cell)));
    }
  }
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The points of packPoints, spread over the cells they were rounded to; undefined when they cannot be read. */
export function unpackPoints(text: string): Float32Array<ArrayBuffer> | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1 || text.length > (8 * MOST_POINTS) / 3)
    return undefined;
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  if (bytes.length % 2 !== 0 || bytes.length < 2 * FEWEST_POINTS) return undefined;
  const [low, high] = DRAWING_WINDOW;
  // Left at the corners of their cells they would form a lattice, which a flow duly learns. The two irrational steps
  // fill the square evenly: M. Roberts, "The unreasonable effectiveness of quasirandom sequences", 2018.
  const steps = [0.7548776662466927, 0.5698402909980532];
  return Float32Array.from(bytes, (byte, i) => {
    const within = (0.5 + steps[i % 2]! * Math.floor(i / 2)) % 1;
    // The ends are left out: rounding to float32 must not carry a point into the next cell.
    return low + ((byte.charCodeAt(0) + 0.01 + 0.98 * within) * (high - low)) / 256;
  });
}
