/** jax-js as a peer: whole steps under jit, so that it fuses what it can. */
import {
  blockUntilReady,
  type Device,
  defaultDevice,
  init,
  jit,
  jvp,
  numpy as np,
  random,
  tree,
  valueAndGrad,
} from "@jax-js/jax";
import { matrix } from "../../../src/bench/engine.js";
import { normal, type Problem, uniforms } from "../../../src/bench/problem.js";
import type { Runner } from "../../../src/bench/timing.js";
import type { ProductSize } from "../../../src/bench/workloads.js";
import { lossAndGradientByHand, lossByHand, type Net, type Ops, Solver } from "./formula.js";
import { type Part, paramsOf, partsOf } from "./layout.js";
import { ADAM, type Call, type Peer, type Trainer } from "./peer.js";

type A = np.Array;
/** A `type`, because jax-js takes no interface for a tree. */
type Weights = { W: A[]; b: A[]; time: A };

/**
 * "hand": divergence and gradient written out. "divergence": the divergence written out, the gradient by
 * valueAndGrad. "library": the divergence by jvp, the gradient by valueAndGrad.
 */
export type JaxMode = "hand" | "divergence" | "library";

const ABOUT: Record<JaxMode, string> = {
  hand: "by hand",
  divergence: "divergence by hand, gradient by the library",
  library: "jvp and gradient by the library",
};

/** Arguments are used up by every operation, hence `.ref`; what stays behind is only traced, never computed. */
const ops: Ops<A> = {
  affine: (x, w, b) => np.matmul(x.ref, w.ref).add(b.ref),
  matmul: (a, b, transposeA = false, transposeB = false) =>
    np.matmul(transposeA ? a.ref.transpose() : a.ref, transposeB ? b.ref.transpose() : b.ref),
  add: (a, b) => a.ref.add(b.ref),
  mul: (a, b) => a.ref.mul(b.ref),
  scale: (a, factor) => a.ref.mul(factor),
  plus: (a, factor, b) => a.ref.add(b.ref.mul(factor)),
  tanh: (x) => np.tanh(x.ref),
  slope: (h) => h.ref.mul(h.ref).mul(-1).add(1),
  columnSums: (x) => np.sum(x.ref, 0),
  sum: (x) => np.sum(x.ref),
  stack: (parts) =>
    np.concatenate(
      parts.map((part) => part.ref),
      0,
    ),
};

export async function jaxPeers(
  device: Device & ("webgpu" | "wasm"),
  modes: readonly JaxMode[],
): Promise<Peer[]> {
  const found = await init(device);
  if (!found.includes(device)) throw new Error(`jax-js has no device ${device} here.`);
  return modes.map((mode, i) => ({
    name: `jax-js ${device}, ${ABOUT[mode]}`,
    kind: device,
    lossAndGradient: (problem) => on(device, () => lossAndGradient(problem, mode)),
    trainer: (problem) => on(device, async () => new JaxTrainer(device, problem, mode)),
    ...(i === 0 && {
      density: (problem, points) => on(device, async () => density(device, problem, points)),
      sampler: (problem, rows) => on(device, async () => sampler(device, problem, rows)),
      product: (size) => on(device, async () => product(device, size)),
    }),
  }));
}

/** The default device is global: set before every use. */
function on<T>(device: Device, work: () => Promise<T>): Promise<T> {
  defaultDevice(device);
  return work();
}

const upload = ({ shape, values }: Part): A => np.array(values).reshape([...shape]);
const rowsOf = (values: Float32Array<ArrayBuffer>, dim: number): A =>
  np.array(values.slice()).reshape([values.length / dim, dim]);

function weightsOf({ field, params }: Problem): Weights {
  const { W, b, time } = partsOf(field, params);
  return { W: W.map(upload), b: b.map(upload), time: upload(time) };
}

async function download({ field }: Problem, { W, b, time }: Weights): Promise<Float32Array<ArrayBuffer>> {
  const read = async (array: A) => (await array.ref.data()) as Float32Array;
  return paramsOf(field, {
    W: await Promise.all(W.map(read)),
    b: await Promise.all(b.map(read)),
    time: await read(time),
  });
}

type LossAndGradient = (net: Weights, points: A, probes: A) => [A, Weights];

/** Without the constant D/2 ln 2π. */
function differentiated({ shape, points }: Problem, mode: JaxMode): LossAndGradient {
  const rows = points.length / shape.dim;
  const steps = shape.rkSteps;
  if (mode === "hand") {
    return (net, x, probes) => {
      const { loss, gradient } = lossAndGradientByHand(ops, net, x, probes, rows, steps);
      return [loss, { W: [...gradient.W], b: [...gradient.b], time: gradient.time }];
    };
  }
  const loss = (net: Weights, x: A, probes: A) =>
    mode === "divergence"
      ? lossByHand(ops, net, x, probes, rows, steps)
      : lossByJvp(net, x, probes, rows, steps);
  return valueAndGrad(loss) as LossAndGradient;
}

/** The divergence as probes · (J probes), J probes by the library. */
function lossByJvp(net: Weights, points: A, probes: A, rows: number, steps: number): A {
  const h = 1 / steps;
  const last = net.W.length - 1;
  const field = (t: number) => (x: A) => {
    let value = x;
    for (let i = 0; i < last; i++) {
      const bias = i === 0 ? ops.plus(net.b[0]!, t, net.time) : net.b[i]!;
      value = np.tanh(np.matmul(value, net.W[i]!.ref).add(bias.ref));
    }
    return np.matmul(value, net.W[last]!.ref).add(net.b[last]!.ref);
  };
  let z = points;
  let integral: A | undefined;
  for (let n = 0; n < steps; n++) {
    let end = z;
    let slope: A | undefined;
    for (const [c, b] of [
      [0, 1 / 6],
      [0.5, 1 / 3],
      [0.5, 1 / 3],
      [1, 1 / 6],
    ] as const) {
      const x = slope === undefined ? z : ops.plus(z, c * h, slope);
      const [f, tangent] = jvp(field((n + c) * h), [x.ref], [probes.ref]) as [A, A];
      slope = f;
      end = ops.plus(end, b * h, f);
      integral = integral === undefined ? ops.scale(tangent, b * h) : ops.plus(integral, b * h, tangent);
    }
    z = end;
  }
  const squares = ops.scale(ops.sum(ops.mul(z, z)), 0.5 / rows);
  return ops.plus(squares, -1 / rows, ops.sum(ops.mul(integral!, probes)));
}

const constantOf = ({ shape }: Problem) => 0.5 * shape.dim * Math.log(2 * Math.PI);

async function lossAndGradient(problem: Problem, mode: JaxMode) {
  const { dim } = problem.shape;
  const call = jit(differentiated(problem, mode) as (...args: unknown[]) => [A, Weights]);
  const [loss, net] = call(weightsOf(problem), rowsOf(problem.points, dim), rowsOf(problem.probes, dim));
  const gradient = await download(problem, net);
  const [value] = (await loss.data()) as Float32Array;
  tree.dispose(net);
  call.dispose();
  return { loss: value! + constantOf(problem), gradient };
}

class JaxTrainer implements Trainer {
  readonly #step: ((...args: unknown[]) => [Weights, Weights, Weights, A]) & { dispose(): void };
  #net: Weights;
  #m: Weights;
  #v: Weights;
  #points: A;
  #probes: A;
  #count = 0;
  #rate: number = ADAM.rate;

  constructor(
    private readonly device: Device,
    private readonly problem: Problem,
    mode: JaxMode,
  ) {
    const { shape, points, probes } = problem;
    this.#net = weightsOf(problem);
    this.#m = tree.map((w: A) => np.zerosLike(w.ref), this.#net) as Weights;
    this.#v = tree.map((w: A) => np.zerosLike(w.ref), this.#net) as Weights;
    this.#points = rowsOf(points, shape.dim);
    this.#probes = rowsOf(probes, shape.dim);
    const gradientOf = differentiated(problem, mode);
    this.#step = jit((net: Weights, m: Weights, v: Weights, x: A, probes: A, rates: A) => {
      const [loss, g] = gradientOf(tree.ref(net), x, probes);
      const mNext = merge(m, g, (a, b) => a.ref.mul(ADAM.beta1).add(b.ref.mul(1 - ADAM.beta1)));
      const vNext = merge(v, g, (a, b) => a.ref.mul(ADAM.beta2).add(b.ref.mul(b.ref).mul(1 - ADAM.beta2)));
      const [rate, grown] = [rates.ref.slice(0), rates.ref.slice(1)];
      const moves = merge(mNext, vNext, (a, b) =>
        a.ref.mul(rate.ref).div(np.sqrt(b.ref.mul(grown.ref)).add(ADAM.epsilon)),
      );
      const next = merge(net, moves, (a, b) => a.ref.sub(b.ref));
      return [next, mNext, vNext, loss] as [Weights, Weights, Weights, A];
    }) as never;
  }

  async warm(): Promise<void> {
    // Nothing is under way: every burst ends with what it computed.
  }

  async burst(calls: number): Promise<void> {
    defaultDevice(this.device);
    let last: A | undefined;
    for (let i = 0; i < calls; i++) {
      last?.dispose();
      last = this.#take();
    }
    // A result that nobody reads is never computed. One is enough: what one call under jit computes is submitted as a
    // whole, with what it waits for, and each further array waited for would be one more map.
    await last!.data();
  }

  #take(): A {
    this.#count++;
    const rates = np.array([
      this.#rate / (1 - ADAM.beta1 ** this.#count),
      1 / (1 - ADAM.beta2 ** this.#count),
    ]);
    const [net, m, v, loss] = this.#step(
      this.#net,
      this.#m,
      this.#v,
      this.#points.ref,
      this.#probes.ref,
      rates,
    );
    [this.#net, this.#m, this.#v] = [net, m, v];
    return loss;
  }

  async feed(
    points: Float32Array<ArrayBuffer>,
    probes: Float32Array<ArrayBuffer>,
    rate: number,
  ): Promise<void> {
    defaultDevice(this.device);
    const { dim } = this.problem.shape;
    this.#points.dispose();
    this.#probes.dispose();
    this.#points = rowsOf(points, dim);
    this.#probes = rowsOf(probes, dim);
    this.#rate = rate;
  }

  params(): Promise<Float32Array<ArrayBuffer>> {
    defaultDevice(this.device);
    return download(this.problem, this.#net);
  }

  dispose(): void {
    tree.dispose([this.#net, this.#m, this.#v]);
    this.#points.dispose();
    this.#probes.dispose();
    this.#step.dispose();
  }
}

function merge(a: Weights, b: Weights, by: (a: A, b: A) => A): Weights {
  const all = (left: A[], right: A[]) => left.map((array, i) => by(array, right[i]!));
  return { W: all(a.W, b.W), b: all(a.b, b.b), time: by(a.time, b.time) };
}

type Evolve = ((net: Weights, state: A[], firsts: A[]) => A[]) & { dispose(): void };

/**
 * A solve without a gradient. One step is traced, with the step's start put into the first layer's bias: a traced
 * whole would keep the arrays of all steps alive at once.
 */
class JaxSolve {
  readonly #net: Weights;
  readonly #step: Evolve;
  readonly #firsts: A[];

  constructor(
    private readonly problem: Problem,
    exactTrace: boolean,
    private readonly backward: boolean,
  ) {
    const { dim, rkSteps } = problem.shape;
    this.#net = weightsOf(problem);
    this.#firsts = exactTrace ? slices(this.#net.W[0]!, dim) : [];
    this.#step = jit((net: Weights, [z, ...integrals]: A[], firsts: A[]) => {
      const solver = new Solver(ops, net as Net<A>);
      const { state } = solver.step({ z: z!, integrals }, 0, rkSteps, firsts, backward);
      return [state.z, ...state.integrals];
    }) as unknown as Evolve;
  }

  /** z at the end, and the integral of the last layer's tangents for each direction. */
  run(z: A): A[] {
    const { hidden, rkSteps } = this.problem.shape;
    const { W, b, time } = this.#net;
    let state = [z, ...this.#firsts.map(() => np.zeros([z.shape[0]!, hidden.at(-1)!]))];
    for (let n = 0; n < rkSteps; n++) {
      const start = ops.plus(b[0]!, ((this.backward ? -1 : 1) * n) / rkSteps, time);
      const [, ...later] = tree.ref(b) as A[];
      b[0]!.dispose();
      const net = { W: tree.ref(W) as A[], b: [start, ...later], time: time.ref };
      state = this.#step(net, state, tree.ref(this.#firsts) as A[]);
    }
    return state;
  }

  /** The last layer's weights of each output, as rows. */
  get tops(): A[] {
    return slices(this.#net.W.at(-1)!.ref.transpose(), this.problem.shape.dim);
  }

  dispose(): void {
    tree.dispose(this.#net);
    tree.dispose(this.#firsts);
    this.#step.dispose();
  }
}

const slices = (rows: A, count: number): A[] =>
  Array.from({ length: count }, (_, d) => rows.ref.slice([d, d + 1]));

/** Rows in eighths on wasm, whose memory of 4 GiB a whole grid exceeds. */
async function inParts(
  device: Device,
  values: Float32Array<ArrayBuffer>,
  work: (part: Float32Array<ArrayBuffer>) => Promise<Float32Array>,
): Promise<Float32Array> {
  if (device === "webgpu" || values.length % 16 !== 0) return work(values);
  const parts: Float32Array[] = [];
  for (let i = 0; i < 8; i++) {
    parts.push(await work(values.slice((i * values.length) / 8, ((i + 1) * values.length) / 8)));
  }
  const size = parts[0]!.length;
  const all = new Float32Array(8 * size);
  parts.forEach((part, i) => {
    all.set(part, i * size);
  });
  return all;
}

function density(device: Device, problem: Problem, points: Float32Array<ArrayBuffer>): Call {
  const { dim } = problem.shape;
  const solve = new JaxSolve(problem, true, false);
  const finish = jit(([z, ...integrals]: A[], tops: A[]) => {
    const squares = np.sum(ops.mul(z!, z!), 1).mul(-0.5).sub(constantOf(problem));
    return integrals.reduce((sum, integral, d) => sum.add(np.sum(ops.mul(integral, tops[d]!), 1)), squares);
  }) as unknown as ((state: A[], tops: A[]) => A) & { dispose(): void };
  return {
    run: async () => {
      defaultDevice(device);
      return inParts(device, points, async (part) => {
        const logp = finish(solve.run(rowsOf(part, dim)), solve.tops);
        return (await logp.data()) as Float32Array;
      });
    },
    dispose: () => {
      solve.dispose();
      finish.dispose();
    },
  };
}

function sampler(device: Device, problem: Problem, rows: number): Call {
  const { dim } = problem.shape;
  const solve = new JaxSolve(problem, false, true);
  let seed = 0;
  return {
    run: async (base) => {
      defaultDevice(device);
      const z = base ? rowsOf(base, dim) : random.normal(random.key(seed++), [rows, dim]);
      if (device === "webgpu") return (await solve.run(z)[0]!.data()) as Float32Array;
      const values = (await z.data()) as Float32Array<ArrayBuffer>;
      return inParts(device, values, async (part) => {
        return (await solve.run(rowsOf(part, dim))[0]!.data()) as Float32Array;
      });
    },
    dispose: () => solve.dispose(),
  };
}

function product(device: Device, { m, n, k }: ProductSize): Runner {
  const a = rowsOf(matrix(m, k, 1), k);
  const b = rowsOf(matrix(k, n, 2), n);
  const call = jit((x: A, y: A) => np.matmul(x, y));
  return {
    warm: async () => {},
    burst: async (calls) => {
      defaultDevice(device);
      const results = Array.from({ length: calls }, () => call(a.ref, b.ref));
      // Asking for the buffer submits the work without the map that waiting for each result would take.
      if (device === "webgpu") for (const result of results) await result.ref.gpuBuffer();
      await (device === "webgpu" ? blockUntilReady(results.at(-1)!) : blockUntilReady(results));
      for (const result of results) result.dispose();
    },
    dispose: () => {
      a.dispose();
      b.dispose();
      call.dispose();
    },
  };
}

/** Base points for a check, standard normal [rows, dim]. */
export function basePoints(rows: number, dim: number): Float32Array<ArrayBuffer> {
  const next = uniforms(11);
  return Float32Array.from({ length: rows * dim }, () => normal(next));
}
