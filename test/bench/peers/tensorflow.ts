/** TensorFlow.js as a peer, on its webgpu and its wasm backend. */
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-webgpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import plain from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
import { matrix } from "../../../src/bench/engine.js";
import type { Problem } from "../../../src/bench/problem.js";
import type { Runner } from "../../../src/bench/timing.js";
import type { ProductSize } from "../../../src/bench/workloads.js";
import { lossAndGradientByHand, lossByHand, type Net, type Ops, Solver, type State } from "./formula.js";
import { type Part, paramsOf, partsOf } from "./layout.js";
import { ADAM, type Call, type Peer, type Trainer } from "./peer.js";

type T = tf.Tensor;
type Backend = "webgpu" | "wasm";

/** "hand": divergence and gradient written out. "divergence": the gradient of that by tf.grads. */
export type TensorflowMode = "hand" | "divergence";

const ABOUT: Record<TensorflowMode, string> = {
  hand: "by hand",
  divergence: "divergence by hand, gradient by the library",
};

const scalars = new Map<string, T>();

/** A number as a tensor of the present backend: given as a number it would be uploaded at every use. */
function scalar(value: number): T {
  const key = `${tf.getBackend()} ${value}`;
  const known = scalars.get(key);
  if (known) return known;
  const made = tf.keep(tf.scalar(value));
  scalars.set(key, made);
  return made;
}

const ops: Ops<T> = {
  affine: (x, w, b) => tf.fused.matMul({ a: x as tf.Tensor2D, b: w as tf.Tensor2D, bias: b }),
  matmul: (a, b, transposeA, transposeB) => tf.matMul(a, b, transposeA, transposeB),
  add: (a, b) => tf.add(a, b),
  mul: (a, b) => tf.mul(a, b),
  scale: (a, factor) => tf.mul(a, scalar(factor)),
  plus: (a, factor, b) => (factor === 1 ? tf.add(a, b) : tf.add(a, tf.mul(b, scalar(factor)))),
  tanh: (x) => tf.tanh(x),
  slope: (h) => tf.sub(scalar(1), tf.square(h)),
  columnSums: (x) => tf.sum(x, 0),
  sum: (x) => tf.sum(x),
  stack: (parts) => tf.concat([...parts] as tf.Tensor2D[], 0),
};

let ready = false;

export async function tensorflowPeers(backend: Backend, modes: readonly TensorflowMode[]): Promise<Peer[]> {
  if (!ready) {
    setWasmPaths({
      "tfjs-backend-wasm.wasm": plain,
      "tfjs-backend-wasm-simd.wasm": simd,
      "tfjs-backend-wasm-threaded-simd.wasm": threaded,
    });
    ready = true;
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend} here.`);
  return modes.map((mode, i) => ({
    name: `TensorFlow.js ${backend}, ${ABOUT[mode]}`,
    kind: backend,
    lossAndGradient: (problem) => on(backend, () => lossAndGradient(problem, mode)),
    trainer: (problem) => on(backend, async () => new TensorflowTrainer(backend, problem, mode)),
    ...(i === 0 && {
      density: (problem, points) => on(backend, async () => density(backend, problem, points)),
      sampler: (problem, rows) => on(backend, async () => sampler(backend, problem, rows)),
      product: (size) => on(backend, async () => product(backend, size)),
    }),
  }));
}

/** The backend is global: set before every use. */
async function on<R>(backend: Backend, work: () => Promise<R>): Promise<R> {
  await tf.setBackend(backend);
  return work();
}

const upload = ({ shape, values }: Part): T => tf.tensor(values, [...shape], "float32");
const rowsOf = (values: Float32Array, dim: number): T => tf.tensor2d(values, [values.length / dim, dim]);

/** All tensors of the net in one order: W …, b …, time. */
const listOf = ({ W, b, time }: Net<T>): T[] => [...W, ...b, time];

function netOf(list: readonly T[]): Net<T> {
  const layers = (list.length - 1) / 2;
  return { W: list.slice(0, layers), b: list.slice(layers, 2 * layers), time: list.at(-1)! };
}

function weightsOf({ field, params }: Problem): Net<T> {
  const { W, b, time } = partsOf(field, params);
  return { W: W.map(upload), b: b.map(upload), time: upload(time) };
}

async function download({ field }: Problem, net: Net<T>): Promise<Float32Array<ArrayBuffer>> {
  const read = async (tensor: T) => (await tensor.data()) as Float32Array;
  const W: Float32Array[] = [];
  const b: Float32Array[] = [];
  for (const tensor of net.W) W.push(await read(tensor));
  for (const tensor of net.b) b.push(await read(tensor));
  return paramsOf(field, { W, b, time: await read(net.time) });
}

/** Loss without the constant D/2 ln 2π, and the gradient; to be called within tf.tidy. */
function differentiated(problem: Problem, mode: TensorflowMode, net: Net<T>, points: T, probes: T) {
  const { rkSteps } = problem.shape;
  const rows = points.shape[0]!;
  if (mode === "hand") return lossAndGradientByHand(ops, net, points, probes, rows, rkSteps);
  const loss = (...list: T[]) => lossByHand(ops, netOf(list), points, probes, rows, rkSteps) as tf.Scalar;
  const { value, grads } = tf.valueAndGrads(loss)(listOf(net));
  return { loss: value, gradient: netOf(grads) };
}

const constantOf = ({ shape }: Problem) => 0.5 * shape.dim * Math.log(2 * Math.PI);

async function lossAndGradient(problem: Problem, mode: TensorflowMode) {
  const { dim } = problem.shape;
  const net = weightsOf(problem);
  const points = rowsOf(problem.points, dim);
  const probes = rowsOf(problem.probes, dim);
  const list = tf.tidy(() => {
    const { loss, gradient } = differentiated(problem, mode, net, points, probes);
    return [loss, ...listOf(gradient)];
  });
  const [loss] = await list[0]!.data();
  const gradient = await download(problem, netOf(list.slice(1)));
  tf.dispose([list, listOf(net), points, probes]);
  return { loss: loss! + constantOf(problem), gradient };
}

class TensorflowTrainer implements Trainer {
  #net: Net<T>;
  /** θ and Adam's moments as one vector each: a dozen operations instead of a dozen for every tensor. */
  #flat: T;
  #m: T;
  #v: T;
  #points: T;
  #probes: T;
  #count = 0;
  #rate: number = ADAM.rate;
  readonly #shapes: readonly number[][];

  constructor(
    private readonly backend: Backend,
    private readonly problem: Problem,
    private readonly mode: TensorflowMode,
  ) {
    const { shape, points, probes } = problem;
    this.#net = weightsOf(problem);
    const list = listOf(this.#net);
    this.#shapes = list.map((tensor) => tensor.shape);
    this.#flat = tf.tidy(() => flatten(list));
    this.#m = tf.zerosLike(this.#flat);
    this.#v = tf.zerosLike(this.#flat);
    this.#points = rowsOf(points, shape.dim);
    this.#probes = rowsOf(probes, shape.dim);
  }

  async warm(): Promise<void> {
    // Nothing is under way: every burst ends with what it computed.
  }

  async burst(calls: number): Promise<void> {
    await tf.setBackend(this.backend);
    let last: T | undefined;
    for (let i = 0; i < calls; i++) {
      last?.dispose();
      last = this.#take();
    }
    // θ is the last thing a step computes.
    await Promise.all([last!.data(), this.#flat.data()]);
    last!.dispose();
  }

  #take(): T {
    this.#count++;
    const old = [...listOf(this.#net), this.#flat, this.#m, this.#v];
    const results = tf.tidy(() => {
      const { loss, gradient } = differentiated(
        this.problem,
        this.mode,
        this.#net,
        this.#points,
        this.#probes,
      );
      const g = flatten(listOf(gradient));
      const m = tf.add(tf.mul(this.#m, ADAM.beta1), tf.mul(g, 1 - ADAM.beta1));
      const v = tf.add(tf.mul(this.#v, ADAM.beta2), tf.mul(tf.square(g), 1 - ADAM.beta2));
      const rate = this.#rate / (1 - ADAM.beta1 ** this.#count);
      const root = tf.sqrt(tf.mul(v, 1 / (1 - ADAM.beta2 ** this.#count)));
      const flat = tf.sub(this.#flat, tf.div(tf.mul(m, rate), tf.add(root, ADAM.epsilon)));
      return [loss, flat, m, v, ...this.#split(flat)];
    });
    tf.dispose(old);
    const [loss, flat, m, v, ...list] = results;
    [this.#flat, this.#m, this.#v] = [flat!, m!, v!];
    this.#net = netOf(list);
    return loss!;
  }

  #split(flat: T): T[] {
    const sizes = this.#shapes.map((shape) => shape.reduce((product, extent) => product * extent, 1));
    return tf.split(flat, sizes).map((part, i) => tf.reshape(part, this.#shapes[i]!));
  }

  async feed(points: Float32Array, probes: Float32Array, rate: number): Promise<void> {
    await tf.setBackend(this.backend);
    const { dim } = this.problem.shape;
    tf.dispose([this.#points, this.#probes]);
    this.#points = rowsOf(points, dim);
    this.#probes = rowsOf(probes, dim);
    this.#rate = rate;
  }

  params(): Promise<Float32Array<ArrayBuffer>> {
    return on(this.backend, () => download(this.problem, this.#net));
  }

  dispose(): void {
    tf.dispose([listOf(this.#net), this.#flat, this.#m, this.#v, this.#points, this.#probes]);
  }
}

const flatten = (list: readonly T[]): T =>
  tf.concat1d(list.map((tensor) => tf.reshape(tensor, [tensor.size])));

/** One tidy a step, so that no more than a step's arrays are alive. */
function solveSteps(net: Net<T>, z: T, rkSteps: number, firsts: readonly T[], backward: boolean): State<T> {
  let state: State<T> = { z, integrals: [] };
  for (let n = 0; n < rkSteps; n++) {
    const next = tf.tidy(() => {
      const done = new Solver(ops, net).step(state, n, rkSteps, firsts, backward).state;
      return [done.z, ...done.integrals];
    });
    if (n > 0) tf.dispose([state.z, ...state.integrals]);
    const [end, ...integrals] = next;
    state = { z: end!, integrals };
  }
  return state;
}

function density(backend: Backend, problem: Problem, points: Float32Array): Call {
  const { dim, rkSteps } = problem.shape;
  const net = weightsOf(problem);
  return {
    run: async () => {
      await tf.setBackend(backend);
      const logp = tf.tidy(() => {
        const z = rowsOf(points, dim);
        const firsts = tf.split(net.W[0]!, dim, 0);
        const tops = tf.split(tf.transpose(net.W.at(-1)!), dim, 0);
        const state = solveSteps(net, z, rkSteps, firsts, false);
        const squares = tf.sub(tf.mul(tf.sum(tf.square(state.z), 1), -0.5), constantOf(problem));
        return tops.reduce<T>(
          (sum, top, d) => tf.add(sum, tf.sum(tf.mul(state.integrals[d]!, top), 1)),
          squares,
        );
      });
      const values = (await logp.data()) as Float32Array;
      logp.dispose();
      return values;
    },
    dispose: () => tf.dispose(listOf(net)),
  };
}

function sampler(backend: Backend, problem: Problem, rows: number): Call {
  const { dim, rkSteps } = problem.shape;
  const net = weightsOf(problem);
  return {
    run: async (base) => {
      await tf.setBackend(backend);
      const x = tf.tidy(() => {
        const z = base ? rowsOf(base, dim) : tf.randomNormal([rows, dim]);
        return solveSteps(net, z, rkSteps, [], true).z;
      });
      const values = (await x.data()) as Float32Array;
      x.dispose();
      return values;
    },
    dispose: () => tf.dispose(listOf(net)),
  };
}

function product(backend: Backend, { m, n, k }: ProductSize): Runner {
  const a = rowsOf(matrix(m, k, 1), k);
  const b = rowsOf(matrix(k, n, 2), n);
  return {
    warm: async () => {},
    burst: async (calls) => {
      await tf.setBackend(backend);
      const results = Array.from({ length: calls }, () => tf.matMul(a, b));
      // Reading one number waits for all that was submitted before it.
      const corner = tf.slice(results.at(-1)!, [0, 0], [1, 1]);
      await corner.data();
      tf.dispose([results, corner]);
    },
    dispose: () => tf.dispose([a, b]),
  };
}
