/**
 * One spiral arm with wide noise. FFJORD: columns 0 and 2 of scikit-learn's make_swiss_roll(noise = 1), / 5,
 * that is ((t cos t, t sin t) + ξ)/5 with t uniform on [1.5π, 4.5π].
 */
import { spiralRule } from "./archimedes.js";
import { gaussianMixture } from "./mixture.js";
import { type Entropies, entropyOf, nodesFor, noisy, windowFor } from "./noise.js";
import { lazyDensity, sampler, type ToySet } from "./toy-set.js";

const SIGMA = 0.2;
const ENTROPY: Entropies = { 0.5: 1.9681, 1: 2.6697, 2: 3.2629 };
const FROM = 1.5 * Math.PI;
const TO = 4.5 * Math.PI;
/** 0.7 σ between neighbours at the sparsest place of a curve of length 18. */
const NODES = 200;

export const swissrollSet = noisy(
  (noise): ToySet => ({
    name: "swissroll",
    title: "Swiss roll",
    about: "One and a half turns of a spiral with Gaussian noise, densest at its inner end.",
    sample: sampler((stream) => {
      const t = FROM + (TO - FROM) * stream.uniform();
      return [
        (t * Math.cos(t) + noise * stream.normal()) / 5,
        (t * Math.sin(t) + noise * stream.normal()) / 5,
      ];
    }),
    logDensity: lazyDensity(() => {
      const { nodes, weights } = spiralRule(nodesFor(NODES, noise), FROM, TO);
      const x = nodes.map((t) => (t * Math.cos(t)) / 5);
      const y = nodes.map((t) => (t * Math.sin(t)) / 5);
      const logWeight = weights.map((dt) => Math.log(dt / (TO - FROM)));
      return gaussianMixture({ x, y, logWeight }, SIGMA * noise);
    }),
    entropy: entropyOf(ENTROPY, noise),
    window: windowFor(SIGMA, noise),
  }),
);
