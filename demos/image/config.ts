/**
 * What a run on this page is made of: settings, presets, and the address.
 *
 * Address parameters, all optional; they are for links and for tests:
 *   picture=galaxy|cat|fjord   one of the page's own
 *   invert=1, cut, contrast    how light becomes density
 *   start=1                    begin training at once
 *   points, hidden, seed, warm, steps, batch, kinetic, jacobian
 *                          one setting, e.g. points=2000&hidden=16-16&warm=200&steps=4&kinetic=0.01
 */
import type { StepOptions } from "fjordgpu";
import { isRegulariserWeight } from "../shared/regularisers.js";
import { BUILTIN_NAMES, type BuiltinName } from "./builtin.js";
import type { Tone } from "./density.js";

export interface Config {
  /** Drawn from the picture, to train on. */
  readonly points: number;
  /** Widths of the hidden layers, e.g. "64-64-64". */
  readonly hidden: string;
  readonly seed: number;
  /** Steps of flow matching before maximum likelihood. */
  readonly warm: number;
  /** Steps of maximum likelihood until the run ends by itself. */
  readonly steps: number;
  readonly batch: number;
  /** Adam's learning rate, of maximum likelihood. */
  readonly lr: number;
  /** Weights of RNODE's regularisers in the loss of maximum likelihood; 0: none. */
  readonly kinetic: number;
  readonly jacobian: number;
  readonly solver: StepOptions;
}

/** A picture has more to learn than two moons: wider and deeper nets, and a longer warm start, which is cheap. */
export const PRESETS = {
  hardware: {
    points: 50_000,
    hidden: "128-128-128",
    seed: 0,
    warm: 4000,
    steps: 20_000,
    batch: 1024,
    lr: 1e-3,
    kinetic: 0,
    jacobian: 0,
    solver: { method: "dopri5", rtol: 1e-4, atol: 1e-4 },
  },
  software: {
    points: 50_000,
    hidden: "64-64-64",
    seed: 0,
    warm: 1500,
    steps: 300,
    batch: 128,
    lr: 1e-3,
    kinetic: 0,
    jacobian: 0,
    solver: { method: "rk4", steps: 8 },
  },
} satisfies Record<string, Config>;

export const PLAIN: Tone = { invert: false, cut: 0, contrast: 1 };

/** Of the sliders of the page. */
const RANGES = { cut: [0, 0.95], contrast: [0.25, 4] } as const;

/** Whole numbers that the address may give, with what is allowed. */
const WHOLE = {
  points: [100, 500_000],
  seed: [0, 999_999],
  warm: [1, 100_000],
  steps: [1, 1_000_000],
  batch: [1, 8192],
} as const;

export interface Wish {
  readonly picture: BuiltinName;
  readonly tone: Tone;
  readonly changes: Partial<Config>;
  readonly start: boolean;
  /** Parameters that could not be used, e.g. "picture=dog". */
  readonly ignored: readonly string[];
}

/** Reads the address, name by name; what it does not understand is reported, not obeyed. */
export function wishOf(search: string): Wish {
  let picture: BuiltinName = "galaxy";
  let tone = PLAIN;
  let changes: Partial<Config> = {};
  let start = false;
  const ignored: string[] = [];
  for (const [key, text] of new URLSearchParams(search)) {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    const within = ([low, high]: readonly [number, number]) => value >= low && value <= high;
    if (key === "start") start = text === "1";
    else if (key === "invert") tone = { ...tone, invert: text === "1" };
    else if (key === "picture" && BUILTIN_NAMES.some((name) => name === text)) picture = text as BuiltinName;
    else if ((key === "cut" || key === "contrast") && within(RANGES[key])) tone = { ...tone, [key]: value };
    else if ((key === "kinetic" || key === "jacobian") && isRegulariserWeight(value)) {
      changes = { ...changes, [key]: value };
    } else if (key === "hidden" && isWidths(text)) changes = { ...changes, hidden: text };
    else if (
      Object.hasOwn(WHOLE, key) &&
      Number.isInteger(value) &&
      within(WHOLE[key as keyof typeof WHOLE])
    ) {
      changes = { ...changes, [key]: value };
    } else ignored.push(`${key}=${text}`);
  }
  return { picture, tone, changes, start, ignored };
}

/** One to six layers of 1 to 999. */
function isWidths(text: string): boolean {
  return /^[1-9]\d{0,2}(-[1-9]\d{0,2}){0,5}$/.test(text);
}
