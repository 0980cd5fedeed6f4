/**
 * Two spiral arms, each the other turned by 180°. FFJORD: t = 3π √U, ±(−t cos t + U'/2, t sin t + U''/2)/3
 * + 0.1 ξ. Every point is thus a point of the spiral plus a uniform square of side 1/6 plus Gaussian noise;
 * the density is an integral along the spiral of a kernel that is a product over the two axes.
 */
import { spiralRule } from "./archimedes.js";
import { boxKernel } from "./box-kernel.js";
import { type Entropies, entropyOf, nodesFor, noisy, windowFor } from "./noise.js";
import { logSumExp } from "./quadrature.js";
import { type LogDensity2d, lazyDensity, sampler, type ToySet } from "./toy-set.js";

const SIGMA = 0.1;
const ENTROPY: Entropies = { 0.5: 2.173, 1: 2.6455, 2: 3.2326 };
const END = 3 * Math.PI;
/** Side of the uniform square. */
const SIDE = 0.5 / 3;
/** 0.8 σ between neighbours at the sparsest place of a curve of length 15. */
const NODES = 300;

function density(noise: number): LogDensity2d {
  const count = nodesFor(NODES, noise);
  const { nodes, weights } = spiralRule(count, 0, END);
  const cx = nodes.map((t) => (-t * Math.cos(t)) / 3);
  const cy = nodes.map((t) => (t * Math.sin(t)) / 3);
  // √U · 3π has the density 2t/(3π)²; the half is that of either arm.
  const logWeight = nodes.map((t, i) => Math.log((0.5 * 2 * t * weights[i]!) / (END * END)));
  const kernel = boxKernel(SIDE, SIGMA * noise);
  const peak = kernel(SIDE / 2);
  const terms = new Float64Array(2 * count);
  return (x, y) => {
    let best = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < terms.length; k++) {
      const i = k % count;
      // The other arm is the first one seen from the opposite point.
      const arm = k < count ? 1 : -1;
      const along = logWeight[i]! + kernel(arm * x - cx[i]!);
      // Most nodes are too far off in x alone to reach exp(−45) of the sum: spare them the second look-up.
      const term = along + peak < best - 45 ? Number.NEGATIVE_INFINITY : along + kernel(arm * y - cy[i]!);
      if (term > best) best = term;
      terms[k] = term;
    }
    return logSumExp(terms);
  };
}

export const twoSpiralsSet = noisy(
  (noise): ToySet => ({
    name: "2spirals",
    title: "Two spirals",
    about: "Two spiral arms wound into each other one and a half times.",
    sample: sampler((stream) => {
      const arm = 1 - 2 * stream.integer(2);
      const t = END * Math.sqrt(stream.uniform());
      const x = (arm * (-t * Math.cos(t) + stream.uniform() / 2)) / 3;
      const y = (arm * (t * Math.sin(t) + stream.uniform() / 2)) / 3;
      return [x + SIGMA * noise * stream.normal(), y + SIGMA * noise * stream.normal()];
    }),
    logDensity: lazyDensity(() => density(noise)),
    entropy: entropyOf(ENTROPY, noise),
    window: windowFor(SIGMA, noise),
  }),
);
