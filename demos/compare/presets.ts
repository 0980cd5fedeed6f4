/** Comparisons that teach: what A is, and in what B differs from it. */
import { type Config, WARM_STEPS } from "../density/config.js";
import type { Pair } from "./pair.js";

export interface Preset {
  readonly name: string;
  /** Short, for a button. */
  readonly title: string;
  /** One sentence: what the two are and what to look at. */
  readonly about: string;
  /** On both sides. */
  readonly both: Partial<Config>;
  /** On B alone. */
  readonly b: Partial<Config>;
}

export const PRESETS: readonly Preset[] = [
  {
    name: "warm",
    title: "Warm start",
    about:
      "A begins with flow matching and goes on by likelihood, B has likelihood alone: A’s steps cost a fraction as long as it needs no solver, so look at the curves over seconds.",
    both: { warm: WARM_STEPS },
    b: { warm: 0 },
  },
  {
    name: "solver",
    title: "Solver",
    about:
      "A takes 8 fixed steps of rk4, B lets dopri5 choose its own: B’s evaluations follow how strongly the field bends, A’s never change.",
    both: { warm: 0, solver: "rk4", solverSteps: 8 },
    b: { solver: "dopri5" },
  },
  {
    name: "tolerance",
    title: "Tolerance",
    about:
      "Both let dopri5 choose its steps, A within 10⁻², B within 10⁻⁵: B pays with evaluations, and seldom gets a better density for them.",
    both: { warm: 0, solver: "dopri5", rtol: 1e-2 },
    b: { rtol: 1e-5 },
  },
  {
    name: "trace",
    title: "Trace",
    about:
      "A computes the divergence exactly, B estimates it with one random probe: B’s training curve is noisier, and both aim at the same density.",
    both: { warm: 0, trace: "exact" },
    b: { trace: "rademacher" },
  },
  {
    name: "kinetic",
    title: "Kinetic energy",
    about:
      "B also pays for the speed of its points, so they take a shorter way to nearly the same density: look at the length of a path. At this loose tolerance of 10⁻³ a solve may take a few evaluations fewer; at a tight one it seldom does.",
    both: { warm: 0, solver: "dopri5", rtol: 1e-3, kinetic: 0 },
    b: { kinetic: 0.1 },
  },
  {
    name: "activation",
    title: "Activation",
    about:
      "A bends with tanh, B with softplus, FFJORD’s usual choice: on small problems the two are close, in steps as in seconds.",
    both: { warm: 0, activation: "tanh" },
    b: { activation: "softplus" },
  },
  {
    name: "width",
    title: "Width",
    about:
      "A has two hidden layers of 16, B two of 64, with ten times the parameters: B bends more finely, and each of its steps costs more.",
    both: { warm: 0, hidden: "16-16" },
    b: { hidden: "64-64" },
  },
];

/** A as it is but for what the preset says, and B like A but for what the preset says of B. */
export function applied({ both, b }: Preset, { a }: Pair): Pair {
  const left = { ...a, ...both };
  return { a: left, b: { ...left, ...b } };
}

/** The preset that the pair shows, whatever else both of its sides have in common. */
export function presetOf(pair: Pair): Preset | undefined {
  const same = (one: Config, other: Config) =>
    (Object.keys(one) as (keyof Config)[]).every((key) => one[key] === other[key]);
  return PRESETS.find((preset) => {
    const wanted = applied(preset, pair);
    return same(wanted.a, pair.a) && same(wanted.b, pair.b);
  });
}
