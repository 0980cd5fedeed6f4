/**
 * Five arms bent into a pinwheel. FFJORD: (r, s) = (1 + 0.3 ξ, 0.1 ξ'), turned clockwise by
 * 2πk/5 + 0.25 e^r for a random arm k, × 2.
 *
 * Density by change of variables. In polar coordinates (ρ, ψ) of (r, s) the map keeps ρ and sends ψ to the
 * angle F(ψ) − 2πk/5 with F(ψ) = ψ − 0.25 e^{ρ cos ψ}, so
 *   p(x, y) = ¼ · ⅕ · Σ N(r; 1, 0.3²) N(s; 0, 0.1²)/|F'(ψ)|
 * over all ψ with F(ψ) ≡ atan2(y, x) modulo 2π/5. F is not monotone: far out an arm folds over itself, and
 * every root counts. On the fold itself p has an integrable singularity; the mass beyond it is 1.4e-9.
 */
import { type Entropies, entropyOf, noisy, windowFor } from "./noise.js";
import { type LogDensity2d, lazyDensity, sampler, type ToySet } from "./toy-set.js";

const ARMS = 5;
const RADIAL = 0.3;
/** Of the arms' width: what `withNoise` scales. */
const TANGENTIAL = 0.1;
const ENTROPY: Entropies = { 0.5: 1.6306, 1: 2.3178, 2: 2.9699 };
const RATE = 0.25;
const SECTOR = (2 * Math.PI) / ARMS;
/** Roots with |s| beyond 16 standard deviations are left out once ρ is larger than this (times the noise). */
const REACH = 1.6;
/** Beyond 17 standard deviations of r the roots are so dense that their sum is the mean over the angle. */
const FAR = 6;

/** A function and its derivative. */
type Curve = (x: number) => readonly [value: number, slope: number];

/** The root of a monotone f inside [low, high]: Newton's method, halving where it would leave the bracket. */
function rootOf(f: Curve, low: number, high: number): number {
  const rising = f(high)[0] > f(low)[0];
  let x = (low + high) / 2;
  for (let round = 0; round < 80; round++) {
    const [value, slope] = f(x);
    if (value > 0 === rising) high = x;
    else low = x;
    const newton = x - value / slope;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - x) < 1e-14 * (1 + Math.abs(x))) return next;
    x = next;
  }
  return x;
}

/** The angles in (−π, 0) where F' = 0, ascending: none, or the two ends of the fold. */
function foldsOf(rho: number): number[] {
  if (rho === 0) return [];
  // h(φ) = 0.25 ρ sin φ e^{ρ cos φ} has one maximum, at ρ sin²φ = cos φ; F'(−φ) = 1 − h(φ).
  const peak = Math.acos((Math.sqrt(1 + 4 * rho * rho) - 1) / (2 * rho));
  const h: Curve = (phi) => {
    const [c, s] = [Math.cos(phi), Math.sin(phi)];
    const e = RATE * rho * Math.exp(rho * c);
    return [s * e - 1, e * (c - rho * s * s)];
  };
  if (h(peak)[0] <= 0) return [];
  return [-rootOf(h, peak, Math.PI), -rootOf(h, 0, peak)];
}

/** The mean of the density over the angle, by Laplace's method in s (r ≈ ρ − s²/2ρ). */
function logAngularMean(rho: number, tangential: number): number {
  const gap = (rho - 1) / RADIAL;
  const widened = 1 - (tangential / RADIAL) ** 2 * (1 - 1 / rho);
  const norm = Math.log(8 * Math.PI * rho * RADIAL * Math.sqrt(2 * Math.PI));
  return -0.5 * gap * gap - norm - 0.5 * Math.log(widened);
}

function densityOf(noise: number): LogDensity2d {
  const tangential = TANGENTIAL * noise;
  const reach = REACH * noise;
  return (x, y) => {
    const rho = Math.hypot(x, y) / 2;
    if (rho > FAR) return logAngularMean(rho, tangential);
    const angle = Math.atan2(y, x);
    const f: Curve = (psi) => {
      const e = RATE * Math.exp(rho * Math.cos(psi));
      return [psi - e, 1 + rho * Math.sin(psi) * e];
    };
    const edge = rho > reach ? Math.asin(reach / rho) : Math.PI;
    const bounds = [-edge, ...foldsOf(rho).filter((psi) => psi > -edge), edge];
    let sum = 0;
    for (let piece = 0; piece + 1 < bounds.length; piece++) {
      const low = bounds[piece]!;
      const high = bounds[piece + 1]!;
      const ends = [(f(low)[0] - angle) / SECTOR, (f(high)[0] - angle) / SECTOR];
      const last = Math.floor(Math.max(...ends));
      for (let m = Math.ceil(Math.min(...ends)); m <= last; m++) {
        const target = angle + m * SECTOR;
        const psi = rootOf((at) => [f(at)[0] - target, f(at)[1]], low, high);
        const a = (rho * Math.cos(psi) - 1) / RADIAL;
        const b = (rho * Math.sin(psi)) / tangential;
        // The floor keeps the value finite exactly on a fold.
        sum += Math.exp(-0.5 * (a * a + b * b)) / Math.max(Math.abs(f(psi)[1]), 1e-12);
      }
    }
    return Math.log(sum / (4 * ARMS * 2 * Math.PI * RADIAL * tangential));
  };
}

export const pinwheelSet = noisy(
  (noise): ToySet => ({
    name: "pinwheel",
    title: "Pinwheel",
    about: "Five curved arms around a centre, sheared ever more strongly outwards.",
    sample: sampler((stream) => {
      const arm = stream.integer(ARMS);
      const r = 1 + RADIAL * stream.normal();
      const s = TANGENTIAL * noise * stream.normal();
      const angle = SECTOR * arm + RATE * Math.exp(r);
      const [c, d] = [Math.cos(angle), Math.sin(angle)];
      return [2 * (r * c + s * d), 2 * (s * c - r * d)];
    }),
    logDensity: lazyDensity(() => densityOf(noise)),
    entropy: entropyOf(ENTROPY, noise),
    window: windowFor(2 * TANGENTIAL, noise),
  }),
);
