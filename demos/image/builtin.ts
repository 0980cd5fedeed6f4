/** The pictures that come with the page, each a formula for the light at a place. */
import type { Picture } from "./density.js";

/** Pixels of the longer side. */
const LONG = 192;

interface Drawing {
  readonly title: string;
  /** Height over width. */
  readonly aspect: number;
  /** Light at a place: x from −1 to 1, y from −aspect to aspect, upwards. */
  readonly light: (x: number, y: number) => number;
}

const smooth = (low: number, high: number, value: number) => {
  const x = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return x * x * (3 - 2 * x);
};

/** 1 inside, 0 outside, with an edge as wide as a pixel or two. */
const inside = (distance: number) => 1 - smooth(-0.01, 0.01, distance);

/** Two logarithmic arms around a bright core. */
function galaxy(x: number, y: number): number {
  const [u, v] = [x * 0.96 + y * 0.28, (y * 0.96 - x * 0.28) / 0.8];
  const r = Math.hypot(u, v);
  const arms = (0.5 + 0.5 * Math.cos(2 * Math.atan2(v, u) + 3.4 * Math.log(r + 0.05))) ** 2;
  const disc = Math.exp(-((r / 0.84) ** 6));
  return Math.min(1, 0.8 * Math.exp(-((r / 0.13) ** 2)) + disc * arms * (0.85 - 0.3 * r));
}

/** The sides of an ear: a corner each, and the direction in which it looks outwards. */
const EAR = [
  { x: 0.6, y: 0.9, turn: 2.3 },
  { x: 0.6, y: 0.9, turn: -0.1 },
  { x: 0.1, y: 0.2, turn: -2 },
];

/** Head, ears, eyes, nose and whiskers of a cat. */
function cat(x: number, y: number): number {
  const a = Math.abs(x);
  const head = Math.hypot(a / 0.74, (y + 0.2) / 0.6) - 1;
  const ear = Math.max(
    ...EAR.map(({ x: cornerX, y: cornerY, turn }) => {
      return (a - cornerX) * Math.cos(turn) + (y - cornerY) * Math.sin(turn);
    }),
  );
  const eye = Math.hypot((a - 0.29) / 0.15, (y + 0.08) / 0.12) - 1;
  const pupil = Math.hypot((a - 0.29) / 0.045, (y + 0.08) / 0.11) - 1;
  const nose = Math.max(-0.4 - y, y + 0.29 + 1.1 * (a - 0.02));
  const smile = Math.max(Math.abs(Math.hypot(a - 0.1, y + 0.42) - 0.1) - 0.02, y + 0.43);
  const face = Math.max(inside(head), inside(ear));
  const holes = Math.max(inside(eye) * (1 - inside(pupil)), inside(nose), inside(smile));
  const slopes = [-0.12, 0.04, 0.2];
  const whisker = Math.min(...slopes.map((slope) => Math.abs(y + 0.4 + slope * (a - 0.3)))) - 0.013;
  // Dark on the face, and light beside it.
  return Math.abs(face * (1 - holes) - inside(Math.max(whisker, 0.34 - a, a - 0.98)));
}

/** A bright sky behind dark ridges, a moon, and its light on the water. */
function fjord(x: number, y: number): number {
  const shore = -0.2;
  if (y < shore) {
    const depth = shore - y;
    const waves = 0.5 + 0.5 * Math.sin(46 * depth ** 0.6 + 5 * Math.sin(3 * x + 20 * depth));
    const path = Math.exp(-(((x - 0.12) / (0.07 + 0.36 * depth)) ** 2));
    return 0.04 + path * (0.25 + 0.75 * waves);
  }
  const valley = smooth(0, 0.75, Math.abs(x - 0.12));
  const near = shore + 0.55 * valley + 0.1 * valley * peaks(2.3 * x + 0.15);
  if (y < near) return 0.02;
  if (y < shore + 0.1 + 0.24 * peaks(1.7 * x + 0.35)) return 0.16;
  const moon = inside(Math.hypot(x - 0.12, y - 0.36) - 0.12);
  return Math.max(moon, 0.28 + 0.3 * smooth(0.6, -0.1, y));
}

/** A jagged line between 0 and 1. */
function peaks(x: number): number {
  const triangle = (t: number) => Math.abs(2 * (t - Math.floor(t)) - 1);
  return 0.65 * triangle(x) + 0.35 * triangle(1.7 * x + 0.4);
}

const DRAWINGS = {
  galaxy: { title: "Galaxy", aspect: 1, light: galaxy },
  cat: { title: "Cat", aspect: 1, light: cat },
  fjord: { title: "Fjord", aspect: 2 / 3, light: fjord },
} satisfies Record<string, Drawing>;

export type BuiltinName = keyof typeof DRAWINGS;

export const BUILTIN_NAMES = Object.keys(DRAWINGS) as BuiltinName[];

export function builtin(name: BuiltinName): Picture {
  const { title, aspect, light: lightAt }: Drawing = DRAWINGS[name];
  const width = LONG;
  const height = Math.round(LONG * aspect);
  const light = Float32Array.from({ length: width * height }, (_, i) => {
    const x = (2 * ((i % width) + 0.5)) / width - 1;
    const y = (height - 2 * (Math.floor(i / width) + 0.5)) / width;
    return Math.min(1, Math.max(0, lightAt(x, y)));
  });
  return { title, width, height, light, cover: new Float32Array(light.length).fill(1) };
}
