/**
 * A smiling face, the project's own set: half of the mass on a circle, a fifth in two eyes, the rest on a mouth, all
 * blurred by Gaussian noise. Three kinds of shape in one density: a loop, blobs, and a curve with two ends.
 */
import { gaussianMixture } from "./mixture.js";
import { type Entropies, entropyOf, nodesFor, noisy, windowFor } from "./noise.js";
import { gaussLegendre, logSumExp } from "./quadrature.js";
import { ringDensity } from "./rings.js";
import { type LogDensity2d, lazyDensity, sampler, type ToySet } from "./toy-set.js";

const FACE = { weight: 0.5, radius: 3, sigma: 0.12 };
const EYES = { weight: 0.2, x: 1.1, y: 0.9, sigma: 0.24 };
/** An arc around the centre, from and to these angles. */
const MOUTH = {
  weight: 0.3,
  radius: 1.75,
  sigma: 0.12,
  from: (200 * Math.PI) / 180,
  to: (340 * Math.PI) / 180,
};
/** 0.7 σ between neighbours at the sparsest place of an arc of length 4.3. */
const NODES = 80;
const ENTROPY: Entropies = { 0.5: 1.6838, 1: 2.5228, 2: 3.3317 };

function density(noise: number): LogDensity2d {
  const face = ringDensity([FACE.radius], FACE.sigma * noise);
  const eyes = gaussianMixture(
    {
      x: new Float64Array([-EYES.x, EYES.x]),
      y: new Float64Array([EYES.y, EYES.y]),
      logWeight: new Float64Array(2).fill(-Math.LN2),
    },
    EYES.sigma * noise,
  );
  const { nodes, weights } = gaussLegendre(nodesFor(NODES, noise), MOUTH.from, MOUTH.to);
  const mouth = gaussianMixture(
    {
      x: nodes.map((angle) => MOUTH.radius * Math.cos(angle)),
      y: nodes.map((angle) => MOUTH.radius * Math.sin(angle)),
      logWeight: weights.map((dt) => Math.log(dt / (MOUTH.to - MOUTH.from))),
    },
    MOUTH.sigma * noise,
  );
  const terms = new Float64Array(3);
  return (x, y) => {
    terms[0] = Math.log(FACE.weight) + face(x, y);
    terms[1] = Math.log(EYES.weight) + eyes(x, y);
    terms[2] = Math.log(MOUTH.weight) + mouth(x, y);
    return logSumExp(terms);
  };
}

export const smileySet = noisy(
  (noise): ToySet => ({
    name: "smiley",
    title: "Smiley",
    about: "A face: a circle, two round eyes and an open arc for the mouth, with Gaussian noise.",
    sample: sampler((stream) => {
      const part = stream.uniform();
      if (part >= FACE.weight && part < FACE.weight + EYES.weight) {
        const side = 2 * stream.integer(2) - 1;
        const sigma = EYES.sigma * noise;
        return [side * EYES.x + sigma * stream.normal(), EYES.y + sigma * stream.normal()];
      }
      const { radius, sigma: own } = part < FACE.weight ? FACE : MOUTH;
      const sigma = own * noise;
      const along = stream.uniform();
      const angle = part < FACE.weight ? 2 * Math.PI * along : MOUTH.from + (MOUTH.to - MOUTH.from) * along;
      return [
        radius * Math.cos(angle) + sigma * stream.normal(),
        radius * Math.sin(angle) + sigma * stream.normal(),
      ];
    }),
    logDensity: lazyDensity(() => density(noise)),
    entropy: entropyOf(ENTROPY, noise),
    window: windowFor(FACE.sigma, noise),
  }),
);
