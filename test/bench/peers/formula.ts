/**
 * A flow's solve, loss and gradient written out by hand for a tanh net with time at the input, over whatever array
 * library gives the operations below. With s = 1 − tanh² and weights as [in, out],
 *
 *   εᵀJε = Σ_j [ (((ε W₁) ⊙ s₁) W₂ ⊙ s₂) W₃ ⊙ s₃ ]_j (ε W₄ᵀ)_j,
 *
 * so that the last layer's tangent is a dot product, and ε W₁ and ε W₄ᵀ are constant over the solve. The classic
 * Runge–Kutta method, time from 0 to 1. The reverse sweep keeps what the forward one computed.
 */

/** Arrays are never changed in place. */
export interface Ops<T> {
  /** x W + b, x [n, in], W [in, out], b [out]. */
  affine(x: T, w: T, b: T): T;
  /** op(a) op(b). */
  matmul(a: T, b: T, transposeA?: boolean, transposeB?: boolean): T;
  /** With the usual broadcasting. */
  add(a: T, b: T): T;
  mul(a: T, b: T): T;
  scale(a: T, factor: number): T;
  /** a + factor b. */
  plus(a: T, factor: number, b: T): T;
  tanh(x: T): T;
  /** 1 − h². */
  slope(h: T): T;
  /** Of a matrix's columns: [n, m] → [m]. */
  columnSums(x: T): T;
  sum(x: T): T;
  /** Rows under rows. */
  stack(parts: readonly T[]): T;
}

/** Weights [in, out] and biases [out] of each layer, and the first layer's weight of t [out]. */
export interface Net<T> {
  readonly W: readonly T[];
  readonly b: readonly T[];
  readonly time: T;
}

/** What one evaluation leaves for the reverse sweep. */
interface Tape<T> {
  readonly x: T;
  readonly t: number;
  readonly h: readonly T[];
  readonly s: readonly T[];
  /** Tangents before and after they meet the slopes. */
  readonly p: readonly T[];
  readonly u: readonly T[];
}

export interface State<T> {
  readonly z: T;
  readonly integrals: readonly T[];
}

const STAGES = [
  { c: 0, a: 0, b: 1 / 6 },
  { c: 0.5, a: 0.5, b: 1 / 3 },
  { c: 0.5, a: 0.5, b: 1 / 3 },
  { c: 1, a: 1, b: 1 / 6 },
] as const;

export class Solver<T> {
  readonly #biases = new Map<number, T>();

  constructor(
    private readonly ops: Ops<T>,
    private readonly net: Net<T>,
  ) {}

  /** b₁ + t w: stages share their times. */
  #bias(t: number): T {
    const known = this.#biases.get(t);
    if (known !== undefined) return known;
    const made = this.ops.plus(this.net.b[0]!, t, this.net.time);
    this.#biases.set(t, made);
    return made;
  }

  /** f [n, D] at (t, x), with the hidden layers' values. */
  #values(x: T, t: number): { f: T; h: T[] } {
    const { ops, net } = this;
    const last = net.W.length - 1;
    const h: T[] = [];
    for (let i = 0; i < last; i++) {
      h.push(ops.tanh(ops.affine(h[i - 1] ?? x, net.W[i]!, i === 0 ? this.#bias(t) : net.b[i]!)));
    }
    return { f: ops.affine(h[last - 1]!, net.W[last]!, net.b[last]!), h };
  }

  /** Tangents of the hidden layers, before (p) and after (u) they meet the slopes, from ε W₁ [n or 1, H]. */
  #tangents(first: T, s: readonly T[]): { p: T[]; u: T[] } {
    const { ops, net } = this;
    const p = [first];
    const u = [ops.mul(first, s[0]!)];
    for (let i = 1; i < s.length; i++) {
      p.push(ops.matmul(u[i - 1]!, net.W[i]!));
      u.push(ops.mul(p[i]!, s[i]!));
    }
    return { p, u };
  }

  /**
   * Step n of `steps`, from t = 1 down if `backward`. For each of `firsts`, the integral of the last layer's tangents
   * in `integrals` goes on; its dot product with ε W₄ᵀ is that of the divergence.
   */
  step(
    { z, integrals }: State<T>,
    n: number,
    steps: number,
    firsts: readonly T[],
    backward = false,
  ): { state: State<T>; stages: Tape<T>[] } {
    const { ops } = this;
    const h = (backward ? -1 : 1) / steps;
    const start = (backward ? 1 : 0) + n * h;
    const stages: Tape<T>[] = [];
    const sums = [...integrals];
    let end = z;
    let slope: T | undefined;
    for (const { c, a, b } of STAGES) {
      const x = slope === undefined ? z : ops.plus(z, a * h, slope);
      const t = start + c * h;
      const values = this.#values(x, t);
      slope = values.f;
      end = ops.plus(end, b * h, slope);
      if (firsts.length === 0) continue;
      const s = values.h.map((value) => ops.slope(value));
      firsts.forEach((first, k) => {
        const tangents = this.#tangents(first, s);
        const top = tangents.u.at(-1)!;
        const sum = sums[k];
        sums[k] = sum === undefined ? ops.scale(top, b * h) : ops.plus(sum, b * h, top);
        if (k === 0) stages.push({ x, t, h: values.h, s, ...tangents });
      });
    }
    return { state: { z: end, integrals: sums }, stages };
  }

  /** Gradient of L by the net, and by ε W₁, from z̄ = dL/dz(1) and v = dL/dδ [n, H or 1] times ε W₄ᵀ. */
  reverse(tapes: readonly (readonly Tape<T>[])[], zBar: T, v: T): { net: Net<T>; first: T } {
    const { ops } = this;
    const steps = tapes.length;
    const h = 1 / steps;
    const sums = new GradientSums<T>(ops);
    for (const stages of [...tapes].reverse()) {
      let xBar: T | undefined;
      let total = zBar;
      const records: Record<T>[] = [];
      for (let i = 3; i >= 0; i--) {
        const { b } = STAGES[i]!;
        const direct = ops.scale(zBar, b * h);
        const next = STAGES[i + 1];
        const kBar = xBar === undefined || !next ? direct : ops.plus(direct, next.a * h, xBar);
        const record = this.#reverseStage(stages[i]!, kBar, ops.scale(v, b * h));
        records.push(record);
        xBar = record.xBar;
        total = ops.add(total, xBar);
      }
      zBar = total;
      sums.add(records, this.net.W.length - 1);
    }
    return sums.result();
  }

  #reverseStage(tape: Tape<T>, fBar: T, top: T): Record<T> {
    const { ops, net } = this;
    const last = net.W.length - 1;
    const preBar: T[] = [];
    const tangentBar: T[] = [];
    let hBar = ops.matmul(fBar, net.W[last]!, false, true);
    let uBar = top;
    for (let i = last - 1; i >= 0; i--) {
      // s̄ = ū ⊙ p and s = 1 − h²: h̄ grows by −2 h s̄.
      const bent = ops.mul(ops.mul(uBar, tape.p[i]!), tape.h[i]!);
      preBar[i] = ops.mul(ops.plus(hBar, -2, bent), tape.s[i]!);
      tangentBar[i] = ops.mul(uBar, tape.s[i]!);
      if (i === 0) break;
      hBar = ops.matmul(preBar[i]!, net.W[i]!, false, true);
      uBar = ops.matmul(tangentBar[i]!, net.W[i]!, false, true);
    }
    const xBar = ops.matmul(preBar[0]!, net.W[0]!, false, true);
    return { tape, fBar, preBar, tangentBar, xBar };
  }
}

interface Record<T> {
  readonly tape: Tape<T>;
  readonly fBar: T;
  readonly preBar: readonly T[];
  readonly tangentBar: readonly T[];
  readonly xBar: T;
}

/** Weight gradients, one product per layer over all rows of a step: values and tangents of its four stages. */
class GradientSums<T> {
  readonly #W: T[] = [];
  readonly #b: T[] = [];
  #time: T | undefined;
  #first: T | undefined;

  constructor(private readonly ops: Ops<T>) {}

  add(records: readonly Record<T>[], last: number): void {
    const { ops } = this;
    const each = (part: (record: Record<T>) => T) => ops.stack(records.map(part));
    for (let i = 0; i <= last; i++) {
      const left = each(({ tape }) => (i === 0 ? tape.x : tape.h[i - 1]!));
      const right = each(({ fBar, preBar }) => (i === last ? fBar : preBar[i]!));
      const inner = i > 0 && i < last;
      const inputs = inner ? ops.stack([left, each(({ tape }) => tape.u[i - 1]!)]) : left;
      const outputs = inner ? ops.stack([right, each(({ tangentBar }) => tangentBar[i]!)]) : right;
      this.#W[i] = this.#plus(this.#W[i], ops.matmul(inputs, outputs, true));
      this.#b[i] = this.#plus(this.#b[i], ops.columnSums(right));
    }
    for (const { tape, preBar, tangentBar } of records) {
      this.#first = this.#plus(this.#first, tangentBar[0]!);
      if (tape.t !== 0) this.#time = this.#plus(this.#time, ops.scale(ops.columnSums(preBar[0]!), tape.t));
    }
  }

  #plus(sum: T | undefined, more: T): T {
    return sum === undefined ? more : this.ops.add(sum, more);
  }

  result(): { net: Net<T>; first: T } {
    return { net: { W: this.#W, b: this.#b, time: this.#time! }, first: this.#first! };
  }
}

/**
 * NLL of the points [n, D], without the constant D/2 ln 2π, and its gradient by the net, with one probe a row.
 */
export function lossAndGradientByHand<T>(
  ops: Ops<T>,
  net: Net<T>,
  points: T,
  probes: T,
  rows: number,
  steps: number,
): { loss: T; gradient: Net<T> } {
  const last = net.W.length - 1;
  const first = ops.matmul(probes, net.W[0]!);
  const top = ops.matmul(probes, net.W[last]!, false, true);
  const solver = new Solver(ops, net);
  const tapes: Tape<T>[][] = [];
  let state: State<T> = { z: points, integrals: [] };
  for (let n = 0; n < steps; n++) {
    const done = solver.step(state, n, steps, [first]);
    tapes.push(done.stages);
    state = done.state;
  }
  const { z, integrals } = state;
  const loss = nll(ops, z, integrals[0]!, top, rows);
  // The loss holds −∫δ.
  const { net: gradient, first: firstBar } = solver.reverse(
    tapes,
    ops.scale(z, 1 / rows),
    ops.scale(top, -1 / rows),
  );
  const W = [...gradient.W];
  W[0] = ops.add(W[0]!, ops.matmul(probes, firstBar, true));
  const topBar = ops.scale(integrals[0]!, -1 / rows);
  W[last] = ops.add(W[last]!, ops.matmul(topBar, probes, true));
  return { loss, gradient: { ...gradient, W } };
}

/** The same loss alone, for a library that differentiates it. */
export function lossByHand<T>(
  ops: Ops<T>,
  net: Net<T>,
  points: T,
  probes: T,
  rows: number,
  steps: number,
): T {
  const first = ops.matmul(probes, net.W[0]!);
  const top = ops.matmul(probes, net.W.at(-1)!, false, true);
  const solver = new Solver(ops, net);
  let state: State<T> = { z: points, integrals: [] };
  for (let n = 0; n < steps; n++) state = solver.step(state, n, steps, [first]).state;
  return nll(ops, state.z, state.integrals[0]!, top, rows);
}

/** mean(|z|²/2) − mean(∫δ). */
function nll<T>(ops: Ops<T>, z: T, tangent: T, top: T, rows: number): T {
  const squares = ops.scale(ops.sum(ops.mul(z, z)), 0.5 / rows);
  return ops.plus(squares, -1 / rows, ops.sum(ops.mul(tangent, top)));
}
