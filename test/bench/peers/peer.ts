/** What a peer can do; the benchmark asks nothing else of it. */
import type { Problem } from "../../../src/bench/problem.js";
import type { Runner } from "../../../src/bench/timing.js";
import type { ProductSize } from "../../../src/bench/workloads.js";

export interface Peer {
  /** E.g. "jax-js webgpu, by hand". */
  readonly name: string;
  readonly kind: "webgpu" | "wasm";
  /** Mean NLL and gradient [P] in our layout. */
  lossAndGradient(problem: Problem): Promise<{ loss: number; gradient: Float32Array }>;
  /** Steps of Adam at 1e-3 over the problem's points. */
  trainer(problem: Problem): Promise<Trainer>;
  /** log p [rows] with the exact trace. Peers that differ only in the gradient leave this and the rest out. */
  readonly density?: (problem: Problem, points: Float32Array<ArrayBuffer>) => Promise<Call>;
  /** Base points to data space; the timed call draws `rows` base points itself. */
  readonly sampler?: (problem: Problem, rows: number) => Promise<Call>;
  readonly product?: (size: ProductSize) => Promise<Runner>;
}

export interface Trainer extends Runner {
  /** The next step with this batch and these probes, and this learning rate. */
  feed(points: Float32Array<ArrayBuffer>, probes: Float32Array<ArrayBuffer>, rate: number): Promise<void>;
  /** θ [P] in our layout. */
  params(): Promise<Float32Array<ArrayBuffer>>;
}

export interface Call {
  /** The result on the CPU; for samples, of these base points. */
  run(base?: Float32Array<ArrayBuffer>): Promise<Float32Array>;
  dispose(): void;
}

export const ADAM = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** A runner that makes the call again and again. */
export function callRunner(call: Call): Runner {
  return {
    warm: async () => {},
    burst: async (calls) => {
      for (let i = 0; i < calls; i++) await call.run();
    },
    dispose: () => call.dispose(),
  };
}
