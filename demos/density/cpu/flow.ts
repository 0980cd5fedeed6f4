/**
 * A flow in float64 on the CPU, by the library's reference, which answers the calls of its Flow that this page makes.
 * Rows are solved some at a time; where the solver is adaptive, those share their steps.
 */
import {
  type CnfOptions,
  FjordError,
  type Flow,
  initialParams,
  METHODS,
  type MlpField,
  reference,
  type Standardisation,
} from "fjordgpu";
import type { Carried } from "../../shared/carry.js";
import { type Breath, slices } from "./breath.js";

/** Attempts of an adaptive solve: far more than any flow needs that this page can draw. */
const MOST_STEPS = 2000;
/** Of an adaptive solve, as far as its cost can be told in advance. */
const LIKELY_STEPS = 12;

const FAILED: Readonly<Record<string, string>> = {
  "max-steps": `A solve needs more than ${MOST_STEPS} steps`,
  "step-underflow": "The steps of a solve became too short to move the time",
  "non-finite": "A solve left the range of numbers",
};

/** @throws FjordError `solve-failed` */
export function checkSolved({ status }: reference.Solution): void {
  if (status === "ok") return;
  throw new FjordError("solve-failed", `${FAILED[status]}: the field has become too wild for the solver.`);
}

const NO_TRACE: reference.Trace = { tangents: [], weight: 1 };

interface Way {
  /** [n, 2] in the flow's own coordinates, and Δ [n]. */
  readonly z: Float64Array;
  readonly delta: Float64Array;
}

interface Ask {
  readonly signal?: AbortSignal;
}

export class CpuFlow {
  readonly field: MlpField;
  readonly seed: number;
  readonly trainT: boolean;
  readonly solver: Flow["solver"];
  standardisation: Standardisation | undefined;
  /** θ [P]; replaced as a whole. */
  theta: Float64Array;
  /** Of the last solve. */
  lastStats: { readonly nfe: number } | undefined;
  readonly #T: number;

  constructor(
    options: CnfOptions,
    readonly breath: Breath,
  ) {
    const { field, seed = 0, params, T = 1, trainT = false, trace: _, standardisation, ...solver } = options;
    this.field = field;
    this.seed = seed;
    this.trainT = trainT;
    this.solver = solver;
    this.standardisation = standardisation;
    this.theta = Float64Array.from(params ?? initialParams(field.spec, seed));
    this.#T = T;
  }

  async params(): Promise<Float32Array> {
    return Float32Array.from(this.theta);
  }

  async T(): Promise<number> {
    return this.#T;
  }

  get reference(): reference.ReferenceFlow {
    const { method = "dopri5", steps, rtol, atol } = this.solver;
    const options = { method, steps, rtol, atol, maxSteps: MOST_STEPS };
    return { spec: this.field.spec, theta: this.theta, t0: 0, t1: this.#T, options };
  }

  /** Multiplications that one row takes in a solve with so many tangents. */
  cost(tangents: number): number {
    const { method = "dopri5", steps = LIKELY_STEPS } = this.solver;
    return this.field.paramCount * (1 + tangents) * METHODS[method].stages * steps;
  }

  /** Σ ln std: what the NLL of the data has more than that of the scaled data. */
  get logScale(): number {
    return this.standardisation?.std.reduce((sum, std) => sum + Math.log(std), 0) ?? 0;
  }

  baseOf(n: number, seed = 0): Float32Array {
    return reference.randomNormal(2 * n, { seed, purpose: reference.PURPOSE.base, step: 0 });
  }

  /** log p_t [n] in nats at points [n, 2] in data coordinates. @throws FjordError `aborted`, `solve-failed` */
  async logProb(points: Float32Array, { at = 0, signal }: Ask & { at?: number } = {}): Promise<Float32Array> {
    const { z, delta } = await this.#solve(this.#scaled(points), at, this.#T, { traced: true, signal });
    const constant = Math.log(2 * Math.PI) + this.logScale;
    return Float32Array.from(delta, (d, n) => -(z[2 * n]! ** 2 + z[2 * n + 1]! ** 2) / 2 - d - constant);
  }

  async transform(points: Float32Array, { signal }: Ask): Promise<{ z: Float32Array }> {
    const { z } = await this.#solve(this.#scaled(points), 0, this.#T, { signal });
    return { z: Float32Array.from(z) };
  }

  async inverse(z: Float32Array, { signal }: Ask): Promise<{ x: Float32Array }> {
    const back = await this.#solve(Float64Array.from(z), this.#T, 0, { signal });
    return { x: this.#unscaled(back.z) };
  }

  async sample(n: number, { seed, signal }: Ask & { seed: number }): Promise<Float32Array> {
    return (await this.inverse(this.baseOf(n, seed), { signal })).x;
  }

  /** @param times from T down to 0 */
  async trajectory(z: Float32Array, times: readonly number[], { signal }: Ask = {}): Promise<Float32Array[]> {
    const { at } = await this.#solve(Float64Array.from(z), this.#T, 0, { times, signal });
    return at.map((way) => this.#unscaled(way.z));
  }

  /** See carry() of the shared pages. @param times within [0, T], descending */
  async carry(points: Float32Array, start: number, times: readonly number[]): Promise<Carried> {
    const z0 = this.#scaled(points);
    const later = times.filter((t) => t >= start).reverse();
    const earlier = times.filter((t) => t < start);
    const up = await this.#solve(z0, start, this.#T, { traced: true, times: later });
    const down = await this.#solve(z0, start, 0, { traced: true, times: earlier });
    const all = [...[...up.at].reverse(), ...down.at];
    return {
      places: all.map(({ z }) => this.#unscaled(z)),
      logArea: all.map(({ delta }) => Float32Array.from(delta, (d) => -d)),
    };
  }

  async fieldAt(points: Float32Array, t: number) {
    const trace = reference.exactTrace(points.length / 2, 2);
    const value = reference.evaluate(this.field.spec, this.theta, t, this.#scaled(points), trace.tangents);
    return {
      velocity: Float32Array.from(value.f, (v, i) => v * (this.standardisation?.std[i % 2] ?? 1)),
      divergence: Float32Array.from(reference.divergence(value, trace)),
    };
  }

  async #solve(
    z0: Float64Array,
    t0: number,
    t1: number,
    { traced = false, times = [], signal }: Ask & { traced?: boolean; times?: readonly number[] },
  ): Promise<Way & { at: Way[] }> {
    const n = z0.length / 2;
    if (t0 === t1) {
      const stay = { z: z0, delta: new Float64Array(n) };
      return { ...stay, at: times.map(() => stay) };
    }
    const { spec, theta, options } = this.reference;
    const make = (): Way => ({ z: new Float64Array(2 * n), delta: new Float64Array(n) });
    const found = { ...make(), at: times.map(make) };
    for (const { from, to } of slices(n, this.cost(traced ? 2 : 0))) {
      const trace = traced ? reference.exactTrace(to - from, 2) : NO_TRACE;
      const rows = z0.subarray(2 * from, 2 * to);
      const part = reference.solve(spec, theta, trace, t0, t1, rows, { ...options, times });
      checkSolved(part.solution);
      this.lastStats = { nfe: part.solution.nfe };
      for (const [way, { z, delta }] of [
        [found, part] as const,
        ...found.at.map((w, i) => [w, part.at[i]!] as const),
      ]) {
        way.z.set(z, 2 * from);
        way.delta.set(delta, from);
      }
      await this.breath.take(signal);
    }
    return found;
  }

  #scaled(points: Float32Array): Float64Array {
    const scaling = this.standardisation;
    if (!scaling) return Float64Array.from(points);
    return Float64Array.from(points, (x, i) => (x - scaling.mean[i % 2]!) / scaling.std[i % 2]!);
  }

  #unscaled(points: Float64Array): Float32Array {
    const scaling = this.standardisation;
    if (!scaling) return Float32Array.from(points);
    return Float32Array.from(points, (s, i) => s * scaling.std[i % 2]! + scaling.mean[i % 2]!);
  }
}
