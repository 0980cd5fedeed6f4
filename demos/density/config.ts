/**
 * What a run on this page is made of: its form, its presets, and its address parameters.
 *
 * Address parameters, all optional; they are for links and for tests:
 *   set=NAME      data set, e.g. moons, circles, 8gaussians
 *   preset=NAME   least, tiny, small or standard (else chosen by the adapter)
 *   start=1       begin training at once
 *   lesson, text  what a teacher hides and says: see lesson.ts
 *   rows, noise, heldOut, hidden, layer, activation, T, solver, solverSteps, rtol, trace, kinetic, jacobian, warm,
 *   optimiser, lr, batch, seed, steps
 *                 one setting of the form, e.g. hidden=32-32&solver=dopri5&rtol=0.0001&seed=1&steps=400&warm=0
 */
import { ACTIVATIONS, type Activation, LAYER_TYPES, type LayerType, type MethodName } from "fjordgpu";
import { isRegulariserWeight } from "../shared/regularisers.js";
import { OWN, ownData, SETS } from "./sets.js";

export const SOLVERS = ["rk4", "midpoint", "euler", "dopri5", "tsit5", "bosh3"] as const;

/** Of SOLVERS, those that choose their steps by a tolerance on this page. */
export const ADAPTIVE: readonly MethodName[] = ["dopri5", "tsit5", "bosh3"];

export const TRACES = ["exact", "rademacher", "gaussian"] as const;

export const OPTIMISERS = ["adam", "adamw"] as const;

/** Of AdamW, as PyTorch has it by default. */
export const WEIGHT_DECAY = 0.01;

/** Of flow matching, when it is switched on: seconds, also where the processor stands in. */
export const WARM_STEPS = 500;

/** The library's own rate of the warm start. */
export const WARM_RATE = 1e-2;

/** Largest norm of a gradient of the likelihood. */
export const CLIP = 10;

export interface Config {
  /** A name of SETS, or OWN. */
  set: string;
  /** Points to train on that are drawn from a set of the gallery. */
  rows: number;
  /** Times the noise that the set has by itself; sets without noise, and one's own points, leave it aside. */
  noise: number;
  /** Share of all points that is kept from training: drawn beside those of a gallery set, taken from one's own. */
  heldOut: number;
  /** Widths of the hidden layers, e.g. "64-64-64". */
  hidden: string;
  layer: LayerType;
  activation: Activation;
  /** End of the flow's interval. */
  T: number;
  solver: (typeof SOLVERS)[number];
  /** Steps of a solver with fixed steps. */
  solverSteps: number;
  /** Relative and absolute tolerance of an adaptive solver. */
  rtol: number;
  trace: (typeof TRACES)[number];
  /** Weights of RNODE's regularisers in the loss of maximum likelihood; 0: none. */
  kinetic: number;
  jacobian: number;
  /** Steps of flow matching before maximum likelihood; 0: none. */
  warm: number;
  optimiser: (typeof OPTIMISERS)[number];
  /** Adam's learning rate, of maximum likelihood. */
  lr: number;
  batch: number;
  seed: number;
  /** Steps of maximum likelihood until the run ends by itself. */
  steps: number;
}

const STANDARD: Config = {
  set: "moons",
  rows: 50_000,
  noise: 1,
  heldOut: 0.2,
  hidden: "64-64-64",
  layer: "concatsquash",
  activation: "tanh",
  T: 1,
  // Adaptive, because a fast device soon trains long enough to exploit any fixed number of steps.
  solver: "dopri5",
  solverSteps: 8,
  rtol: 1e-4,
  trace: "exact",
  kinetic: 0,
  jacobian: 0,
  warm: WARM_STEPS,
  optimiser: "adam",
  lr: 2e-3,
  batch: 512,
  seed: 0,
  steps: 20_000,
};

export const PRESETS = {
  standard: STANDARD,
  small: { ...STANDARD, hidden: "32-32-32", solver: "rk4", solverSteps: 8, lr: 5e-3, batch: 256 },
  // With 4 steps a flow that was warm-started learns to exploit their errors within 400 steps of likelihood (∫p = 2.7).
  tiny: { ...STANDARD, hidden: "32-32", solver: "rk4", solverSteps: 8, lr: 1e-2, batch: 128 },
  // What a CPU keeps up with, where there is no WebGPU.
  least: { ...STANDARD, hidden: "16-16", solver: "rk4", solverSteps: 8, lr: 1e-2, batch: 64 },
} satisfies Record<string, Config>;

/** The flow that the page comes with (public/models/moons.safetensors) and how it goes on: no warm start, small steps. */
export const TRAINED: Config = { ...PRESETS.small, hidden: "64-64-64", warm: 0, lr: 1e-3 };

export type PresetName = keyof typeof PRESETS;

/** Points that are held out of a gallery set, so that they are the share of all that was asked for. */
export function heldOutRows({ rows, heldOut }: Pick<Config, "rows" | "heldOut">): number {
  return Math.round((rows * heldOut) / (1 - heldOut));
}

/** What the address asks for, checked name by name. */
export interface Wish {
  readonly preset: PresetName | undefined;
  readonly changes: Partial<Config>;
  readonly start: boolean;
  /** Whether it asks for a run of any kind. */
  readonly isEmpty: boolean;
  /** How the picture comes to the page; without it as suits the browser (see DisplayClient). */
  readonly canvas: "direct" | "readback" | undefined;
  /** Parameters that could not be used, e.g. "set=mooons". */
  readonly ignored: readonly string[];
}

/** Allowed values of each setting; a range for numbers. The form and the address share it. */
export const ALLOWED: { readonly [K in keyof Config]: (value: Config[K]) => boolean } = {
  set: (value) => SETS.some(({ name }) => name === value) || (value === OWN && ownData() !== undefined),
  rows: (value) => Number.isInteger(value) && value >= 20 && value <= 1_000_000,
  noise: (value) => value >= 0.25 && value <= 4,
  heldOut: (value) => value >= 0 && value <= 0.5,
  hidden: (value) => /^\d{1,3}(-\d{1,3}){0,5}$/.test(value) && value.split("-").every((width) => +width > 0),
  layer: (value) => LAYER_TYPES.includes(value),
  activation: (value) => ACTIVATIONS.includes(value),
  T: (value) => value >= 0.1 && value <= 10,
  solver: (value) => SOLVERS.includes(value),
  solverSteps: (value) => Number.isInteger(value) && value >= 1 && value <= 64,
  rtol: (value) => value >= 1e-6 && value <= 1e-1,
  trace: (value) => TRACES.includes(value),
  kinetic: isRegulariserWeight,
  jacobian: isRegulariserWeight,
  warm: (value) => Number.isInteger(value) && value >= 0 && value <= 100_000,
  optimiser: (value) => OPTIMISERS.includes(value),
  lr: (value) => value > 0 && value <= 1,
  batch: (value) => Number.isInteger(value) && value >= 1 && value <= 8192,
  seed: (value) => Number.isSafeInteger(value) && value >= 0,
  steps: (value) => Number.isInteger(value) && value >= 1 && value <= 1_000_000,
};

/** The setting as the type that STANDARD has, or undefined when it is not allowed. */
export function parseSetting<K extends keyof Config>(key: K, text: string): Config[K] | undefined {
  const isNumber = typeof STANDARD[key] === "number";
  // Number("") is 0, which would turn an emptied field into a value.
  const value = (isNumber ? (text.trim() === "" ? Number.NaN : Number(text)) : text) as Config[K];
  return ALLOWED[key](value) ? value : undefined;
}

/** Reads the address, save for what lesson.ts reads; what it does not understand is reported, not obeyed. */
export function wishOf(search: string): Wish {
  const changes: Partial<Config> = {};
  const ignored: string[] = [];
  let preset: PresetName | undefined;
  let start = false;
  let canvas: Wish["canvas"];
  for (const [key, text] of new URLSearchParams(search)) {
    if (key === "start") start = text === "1";
    else if (key === "lesson" || key === "text") continue;
    else if (key === "canvas" && (text === "direct" || text === "readback")) canvas = text;
    else if (key === "preset" && Object.hasOwn(PRESETS, text)) preset = text as PresetName;
    else if (Object.hasOwn(STANDARD, key)) {
      const name = key as keyof Config;
      const value = parseSetting(name, text);
      if (value === undefined) ignored.push(`${key}=${text}`);
      else Object.assign(changes, { [name]: value });
    } else ignored.push(`${key}=${text}`);
  }
  const isEmpty = preset === undefined && !start && Object.keys(changes).length === 0;
  return { preset, changes, start, isEmpty, canvas, ignored };
}
