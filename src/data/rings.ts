/**
 * Concentric rings with Gaussian noise: FFJORD's circles and rings, and the circles of torchdiffeq's CNF
 * example. A ring of radius R blurred by σ has, at distance r from the centre, the density
 *   exp(−(r − R)²/2σ²) · e^{−q} I0(q)/(2πσ²),  q = rR/σ².
 *
 * The originals walk each ring in equal steps; here the angle is uniform, which has the same distribution
 * for one point and makes the points independent.
 */
import { logI0e } from "./bessel.js";
import { type Entropies, entropyOf, noisy, windowFor } from "./noise.js";
import { logSumExp } from "./quadrature.js";
import { type LogDensity2d, lazyDensity, sampler, type ToySet } from "./toy-set.js";

/** Equally likely rings of these radii, blurred by Gaussian noise of the deviation `own`. */
function ringSet(
  set: Pick<ToySet, "name" | "title" | "about">,
  radii: readonly number[],
  own: number,
  entropies: Entropies,
  window: (noise: number) => ToySet["window"] = (noise) => windowFor(own, noise),
): ToySet {
  return noisy((noise) => {
    const sigma = own * noise;
    return {
      ...set,
      entropy: entropyOf(entropies, noise),
      window: window(noise),
      sample: sampler((stream) => {
        const radius = radii[stream.integer(radii.length)]!;
        const angle = 2 * Math.PI * stream.uniform();
        return [
          radius * Math.cos(angle) + sigma * stream.normal(),
          radius * Math.sin(angle) + sigma * stream.normal(),
        ];
      }),
      logDensity: lazyDensity(() => ringDensity(radii, sigma)),
    };
  });
}

/** log p of equally likely rings of these radii around the origin, blurred by sigma. */
export function ringDensity(radii: readonly number[], sigma: number): LogDensity2d {
  const variance = sigma * sigma;
  const norm = Math.log(2 * Math.PI * variance * radii.length);
  const terms = new Float64Array(radii.length);
  return (x, y) => {
    const r = Math.hypot(x, y);
    for (let k = 0; k < terms.length; k++) {
      const radius = radii[k]!;
      const gap = r - radius;
      terms[k] = logI0e((r * radius) / variance) - (gap * gap) / (2 * variance);
    }
    return logSumExp(terms) - norm;
  };
}

/** make_circles(factor = 0.5, noise = 0.08) × 3. */
export const circlesSet = ringSet(
  {
    name: "circles",
    title: "Two circles",
    about: "Two concentric circles, the inner one half as wide, with Gaussian noise.",
  },
  [3, 1.5],
  0.24,
  { 0.5: 2.5807, 1: 3.2681, 2: 3.7956 },
);

/** Radii 1, 0.75, 0.5, 0.25, × 3; the noise of 0.08 comes after the scaling. */
export const ringsSet = ringSet(
  {
    name: "rings",
    title: "Four rings",
    about: "Four concentric rings at equal distances with thin Gaussian noise.",
  },
  [3, 2.25, 1.5, 0.75],
  0.08,
  { 0.5: 1.9308, 1: 2.6232, 2: 3.2732 },
);

/** make_circles(factor = 0.5, noise = 0.06), as torchdiffeq's examples/cnf.py has it. */
export const circlesTorchdiffeqSet = ringSet(
  {
    name: "circles_torchdiffeq",
    title: "Two circles (torchdiffeq)",
    about: "The circles of torchdiffeq's CNF example: smaller, thinner and not scaled.",
  },
  [1, 0.5],
  0.06,
  { 0.5: 0.0963, 1: 0.7876, 2: 1.4219 },
  (noise) => (noise > 1.5 ? [-2, 2] : [-1.5, 1.5]),
);
