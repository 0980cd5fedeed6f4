/**
 * The toy data sets of FFJORD (arXiv:1810.01367; lib/toy_data.py of its published code) and the circles of
 * torchdiffeq's CNF example; and a smiley of our own. A new set is one file and one entry here; menus, the command
 * line and the tests loop over the table.
 *
 * Entropies are quadratures of the exact noise-convolved densities, good to 1e-4 nats.
 */
import { ArgumentError, oneOf } from "../gpu/errors.js";
import { checkerboardSet } from "./checkerboard.js";
import { eightGaussiansSet } from "./eight-gaussians.js";
import { cosSet, lineSet } from "./graphs.js";
import { moonsSet } from "./moons.js";
import { pinwheelSet } from "./pinwheel.js";
import { circlesSet, circlesTorchdiffeqSet, ringsSet } from "./rings.js";
import { smileySet } from "./smiley.js";
import { swissrollSet } from "./swissroll.js";
import type { ToySet } from "./toy-set.js";
import { twoSpiralsSet } from "./two-spirals.js";

export const TOY_SETS: readonly ToySet[] = [
  moonsSet,
  circlesSet,
  eightGaussiansSet,
  pinwheelSet,
  twoSpiralsSet,
  checkerboardSet,
  ringsSet,
  swissrollSet,
  smileySet,
  lineSet,
  cosSet,
  circlesTorchdiffeqSet,
];

/**
 * The set of this name.
 * @param noise factor of the set's own noise (of the pinwheel: the width of its arms)
 * @throws ArgumentError naming the allowed names, or for a factor that the set cannot have
 */
export function toy(name: string, noise = 1): ToySet {
  const names = TOY_SETS.map((set) => set.name);
  const set = TOY_SETS[names.indexOf(oneOf("The data set", name, names))]!;
  if (noise === 1) return set;
  if (!set.withNoise) throw new ArgumentError(`${set.title} has no noise.`, "Leave the noise at 1.");
  return set.withNoise(noise);
}
