/** Eight equal Gaussians on a circle. FFJORD: (4 · direction + 0.5 ξ)/1.414, that rounded √2 included. */
import { gaussianMixture } from "./mixture.js";
import { type Entropies, entropyOf, noisy, windowFor } from "./noise.js";
import { lazyDensity, type Point, sampler, type ToySet } from "./toy-set.js";

// biome-ignore lint/suspicious/noApproximativeNumericConstant: FFJORD divides by 1.414, and so must we.
const SCALE = 1 / 1.414;
const SIGMA = 0.5 * SCALE;
const ENTROPY: Entropies = { 0.5: 1.4519, 1: 2.8319, 2: 3.9088 };

function centre(k: number): Point {
  const angle = (k * Math.PI) / 4;
  return [4 * SCALE * Math.cos(angle), 4 * SCALE * Math.sin(angle)];
}

export const eightGaussiansSet = noisy(
  (noise): ToySet => ({
    name: "8gaussians",
    title: "Eight Gaussians",
    about: "Eight equal Gaussian blobs on a circle, well apart from each other.",
    sample: sampler((stream) => {
      const [x, y] = centre(stream.integer(8));
      return [x + SIGMA * noise * stream.normal(), y + SIGMA * noise * stream.normal()];
    }),
    logDensity: lazyDensity(() => {
      const x = new Float64Array(8);
      const y = new Float64Array(8);
      for (let k = 0; k < 8; k++) [x[k], y[k]] = centre(k);
      return gaussianMixture({ x, y, logWeight: new Float64Array(8).fill(-Math.log(8)) }, SIGMA * noise);
    }),
    entropy: entropyOf(ENTROPY, noise),
    window: windowFor(SIGMA, noise),
  }),
);
