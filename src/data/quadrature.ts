/** Gauss–Legendre quadrature, and the logarithm of a sum of exponentials that does not underflow. */

export interface QuadratureRule {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/**
 * The n-point Gauss–Legendre rule on [low, high]: Newton's method on the Legendre polynomial P_n from the
 * guess cos(π(i + 3/4)/(n + 1/2)), weights 2/((1 − x²) P_n'(x)²) (DLMF §3.5(v), §18.16).
 */
export function gaussLegendre(n: number, low: number, high: number): QuadratureRule {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  const half = (high - low) / 2;
  const middle = (high + low) / 2;
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    // Quadratic convergence from a guess this good: five rounds reach the last bit for any n.
    for (let round = 0; round < 5; round++) {
      let previous = 1;
      let value = x;
      for (let k = 2; k <= n; k++) {
        const next = ((2 * k - 1) * x * value - (k - 1) * previous) / k;
        previous = value;
        value = next;
      }
      slope = (n * (previous - x * value)) / (1 - x * x);
      x -= value / slope;
    }
    nodes[n - 1 - i] = middle + half * x;
    weights[n - 1 - i] = (half * 2) / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

/** log Σ exp(terms[i]); −∞ for no terms or when every term is −∞. */
export function logSumExp(terms: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < terms.length; i++) if (terms[i]! > largest) largest = terms[i]!;
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  // A term 45 below the largest adds less than 3e-20 of the sum: skipping its exp saves most of the time.
  const floor = largest - 45;
  let sum = 0;
  for (let i = 0; i < terms.length; i++) if (terms[i]! > floor) sum += Math.exp(terms[i]! - largest);
  return largest + Math.log(sum);
}
