/**
 * Two interleaved half circles. FFJORD: scikit-learn's make_moons(noise = 0.1) × 2 + (−1, −0.2); the noise is
 * part of what is scaled, so σ = 0.2.
 *
 * The original walks each arc in equal steps; here the angle is uniform, which has the same distribution for
 * one point and makes the points independent.
 */
import { gaussianMixture } from "./mixture.js";
import { type Entropies, entropyOf, nodesFor, noisy, windowFor } from "./noise.js";
import { gaussLegendre } from "./quadrature.js";
import { lazyDensity, type Point, sampler, type ToySet } from "./toy-set.js";

const SIGMA = 0.2;
const ENTROPY: Entropies = { 0.5: 1.6755, 1: 2.3939, 2: 3.0638 };
/** 0.7 σ between neighbours at the sparsest place of an arc of length 2π. */
const NODES_PER_ARC = 80;

/** A point of the noiseless upper (0) or lower (1) arc, angle in [0, π]. */
function onArc(arc: number, angle: number): Point {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  return arc === 0 ? [2 * c - 1, 2 * s - 0.2] : [1 - 2 * c, 0.8 - 2 * s];
}

export const moonsSet = noisy(
  (noise): ToySet => ({
    name: "moons",
    title: "Two moons",
    about: "Two interleaved half circles with Gaussian noise.",
    sample: sampler((stream) => {
      const [x, y] = onArc(stream.integer(2), Math.PI * stream.uniform());
      return [x + SIGMA * noise * stream.normal(), y + SIGMA * noise * stream.normal()];
    }),
    logDensity: lazyDensity(() => {
      const count = nodesFor(NODES_PER_ARC, noise);
      const { nodes, weights } = gaussLegendre(count, 0, Math.PI);
      const x = new Float64Array(2 * count);
      const y = new Float64Array(2 * count);
      const logWeight = new Float64Array(2 * count);
      for (let k = 0; k < x.length; k++) {
        const node = k % count;
        [x[k], y[k]] = onArc(k < count ? 0 : 1, nodes[node]!);
        logWeight[k] = Math.log(weights[node]! / (2 * Math.PI));
      }
      return gaussianMixture({ x, y, logWeight }, SIGMA * noise);
    }),
    entropy: entropyOf(ENTROPY, noise),
    window: windowFor(SIGMA, noise),
  }),
);
