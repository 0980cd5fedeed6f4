/** Two configurations side by side: the same data, seed and number of training steps; in the rest they may differ. */
import { type Config, PRESETS } from "../density/config.js";
import { type SettingKey, spokenSettings } from "../density/controls.js";

export interface Pair {
  readonly a: Config;
  readonly b: Config;
}

export const SIDES = ["a", "b"] as const;
export type SideName = (typeof SIDES)[number];

/** What both have in common. */
export const COMMON_KEYS = ["set", "rows", "noise", "heldOut", "seed", "steps"] as const;

/** What each has of its own. */
export const OWN_KEYS = [
  "warm",
  "solver",
  "solverSteps",
  "rtol",
  "trace",
  "kinetic",
  "jacobian",
  "hidden",
  "layer",
  "activation",
  "T",
  "optimiser",
  "lr",
  "batch",
] as const satisfies readonly SettingKey[];

/** Steps of each side in all until a comparison ends by itself, unless it is asked for others. */
const STEPS = 2_000;

/** What both sides are where nothing else is asked for. */
export function usual(isSoftware: boolean): Config {
  return { ...(isSoftware ? PRESETS.tiny : PRESETS.small), steps: STEPS };
}

/** The pair with this configuration as one of its sides; the other follows in what they have in common. */
export function withSide(pair: Pair, side: SideName, config: Config): Pair {
  const other = side === "a" ? pair.b : pair.a;
  const following: Config = { ...other };
  for (const key of COMMON_KEYS) Object.assign(following, { [key]: config[key] });
  return side === "a" ? { a: config, b: following } : { a: following, b: config };
}

/** The settings of their own that differ, among those that have a meaning in one of them at least. */
export function differences({ a, b }: Pair): SettingKey[] {
  const [left, right] = [spokenSettings(a), spokenSettings(b)];
  return OWN_KEYS.filter((key) => left.get(key)?.[1] !== right.get(key)?.[1]);
}

/** Steps of each phase: `steps` counts both, so that two sides that differ in the warm start end at one step. */
export function phasesOf({ warm, steps }: Pick<Config, "warm" | "steps">): {
  readonly warm: number;
  readonly likelihood: number;
} {
  const first = Math.min(warm, steps);
  return { warm: first, likelihood: steps - first };
}
