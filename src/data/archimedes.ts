/** Quadrature along an Archimedean spiral (t cos t, t sin t), whose arc length is known in closed form. */
import { gaussLegendre, type QuadratureRule } from "./quadrature.js";

/** Arc length from 0 to t: ½(t √(1+t²) + asinh t). */
function arcLength(t: number): number {
  return 0.5 * (t * Math.sqrt(1 + t * t) + Math.asinh(t));
}

/**
 * n nodes t and weights dt on [from, to], Gauss–Legendre in arc length, so that the nodes lie evenly on the
 * curve although it runs ever faster in t.
 */
export function spiralRule(n: number, from: number, to: number): QuadratureRule {
  const { nodes, weights } = gaussLegendre(n, arcLength(from), arcLength(to));
  for (let i = 0; i < n; i++) {
    const target = nodes[i]!;
    // arcLength is convex for t > 0 and this guess lies above its root, so Newton descends to it safely.
    let t = Math.sqrt(2 * target);
    for (let round = 0; round < 8; round++) t -= (arcLength(t) - target) / Math.sqrt(1 + t * t);
    nodes[i] = t;
    weights[i] = weights[i]! / Math.sqrt(1 + t * t);
  }
  return { nodes, weights };
}
