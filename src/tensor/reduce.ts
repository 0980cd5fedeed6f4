/** Sum, mean, maximum and Euclidean norm, along one axis or of everything, in a fixed order of additions. */
import { reduce as reduceKernel } from "../generated/tensor/reduce.js";
import { BufferGroup } from "../gpu/buffer.js";
import { foldedGrid } from "../gpu/submit.js";
import { checkedAxis, sizeOf } from "./shape.js";
import { deviceOf, produce, type Tensor, tensor } from "./tensor.js";

interface Reduction {
  /** OP of shaders/tensor/reduce.wgsl in the first pass, and in those after it. */
  readonly first: number;
  readonly next: number;
  /** FINISH in the last pass. */
  readonly finish: number;
  /** The result where there is nothing to reduce. */
  readonly ofNothing: number;
}

const SUM: Reduction = { first: 0, next: 0, finish: 0, ofNothing: 0 };
const MEAN: Reduction = { first: 0, next: 0, finish: 1, ofNothing: Number.NaN };
const MAX: Reduction = { first: 1, next: 1, finish: 0, ofNothing: Number.NEGATIVE_INFINITY };
const NORM: Reduction = { first: 2, next: 0, finish: 2, ofNothing: 0 };

/** Longest run one invocation walks, and one workgroup of 64 adds: at most 16 numbers go into an accumulator. */
const COLUMN_RUN = 64;
const ROW_RUN = 4096;

async function reduce(kind: Reduction, x: Tensor, axis: number | undefined): Promise<Tensor> {
  const device = deviceOf(x);
  const at = axis === undefined ? undefined : checkedAxis(axis, x.shape);
  const outer = at === undefined ? 1 : sizeOf(x.shape.slice(0, at));
  const count = at === undefined ? x.size : x.shape[at]!;
  const inner = at === undefined ? 1 : sizeOf(x.shape.slice(at + 1));
  const shape = at === undefined ? [] : x.shape.filter((_, d) => d !== at);
  if (count === 0) return tensor(device, new Float32Array(sizeOf(shape)).fill(kind.ofNothing), shape);

  const passes = passesOf(count, inner);
  const kernels = await Promise.all(
    passes.map(({ isRows, chunks }, pass) => {
      const constants = { OP: pass === 0 ? kind.first : kind.next, FINISH: chunks === 1 ? kind.finish : 0 };
      return device.kernel(reduceKernel, isRows ? "rows" : "columns", constants);
    }),
  );
  const partials = new BufferGroup();
  try {
    return await produce("reduce", [x], device, shape, (result) => {
      let from = x.buffer;
      return passes.map(({ n, isRows, run, chunks }, pass) => {
        const entries = outer * chunks * inner;
        const isLast = chunks === 1;
        const to = isLast
          ? result.buffer
          : partials.add(device.buffer({ label: "partials", size: 4 * entries }));
        const params = { outer, n, inner, run, chunks, divisor: count };
        const grid = foldedGrid(isRows ? entries : Math.ceil(entries / 64));
        const dispatch = kernels[pass]!.bind({ params, x: from, result: to }, grid);
        from = to;
        return dispatch;
      });
    });
  } finally {
    partials.dispose();
  }
}

interface Pass {
  readonly n: number;
  readonly isRows: boolean;
  readonly run: number;
  readonly chunks: number;
}

/** The passes that bring n entries down to one. */
function passesOf(count: number, inner: number): Pass[] {
  const passes: Pass[] = [];
  let n = count;
  do {
    const isRows = inner === 1 && n > COLUMN_RUN;
    const run = isRows ? ROW_RUN : COLUMN_RUN;
    const chunks = Math.ceil(n / run);
    passes.push({ n, isRows, run, chunks });
    n = chunks;
  } while (n > 1);
  return passes;
}

/**
 * Σ x along `axis` (which then is gone; −1 is the last), or of all entries (a scalar, shape []). Of nothing: 0.
 * The same input gives the same bits on a device.
 * @throws ArgumentError for an axis that is not there; FjordError `disposed` (so do the functions below)
 */
export const sum = (x: Tensor, axis?: number): Promise<Tensor> => reduce(SUM, x, axis);

/** Arithmetic mean. Of nothing: NaN. */
export const mean = (x: Tensor, axis?: number): Promise<Tensor> => reduce(MEAN, x, axis);

/** Largest entry; unspecified where there is a NaN. Of nothing: −infinity. */
export const max = (x: Tensor, axis?: number): Promise<Tensor> => reduce(MAX, x, axis);

/** √Σx², as it stands: it overflows where the squares do, from 1.8e19 on. Of nothing: 0. */
export const norm = (x: Tensor, axis?: number): Promise<Tensor> => reduce(NORM, x, axis);
