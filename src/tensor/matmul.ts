/** The matrix product. */
import { matmul as blockKernel } from "../generated/tensor/matmul.js";
import { matmulStrip as stripKernel } from "../generated/tensor/matmul_strip.js";
import { matmulTile as tileKernel } from "../generated/tensor/matmul_tile.js";
import { ArgumentError, oneOf } from "../gpu/errors.js";
import { type Dispatch, foldedGrid } from "../gpu/submit.js";
import { productForm } from "../ode/calibration.js";
import { type Shape, shapeText } from "./shape.js";
import { deviceOf, produce, type Tensor } from "./tensor.js";

export const TILINGS = ["registers", "workgroup"] as const;

/**
 * "registers": 8×8 entries per invocation, operands straight from storage.
 * "workgroup": 64×64 tiles through 8 KiB of workgroup memory, for GPUs whose caches are the bottleneck.
 * Without one: "registers"; but on adapters of 4-wide subgroups (SwiftShader) for which strips of 8×16 that share their
 * loads were measured to be faster, those, where k and all row lengths are multiples of 4.
 */
export type Tiling = (typeof TILINGS)[number];

export interface MatmulOptions {
  /** Take a as its transpose: a is [k, m]. */
  transposeA?: boolean;
  /** Take b as its transpose: b is [n, k]. */
  transposeB?: boolean;
  tiling?: Tiling;
}

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/**
 * op(a) op(b), [m, k] · [k, n] → [m, n]. Sums run along k in order, so an entry's error is at most
 * k u Σ|a||b| with u = 2^-24 where the device rounds to nearest. Zeros for k = 0.
 * @throws ArgumentError naming both shapes; FjordError `disposed`, `limit-exceeded`
 */
export async function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Promise<Tensor> {
  const { transposeA = false, transposeB = false, tiling } = options;
  if (tiling !== undefined) oneOf("The tiling", tiling, TILINGS);
  const device = deviceOf(a, b);
  const sizes = sizesOf(a.shape, b.shape, transposeA, transposeB);
  const transposed = { TRANSPOSE_A: transposeA ? 1 : 0, TRANSPOSE_B: transposeB ? 1 : 0 };
  const strips = tiling === undefined && fitsStrips(a, b, sizes) && (await productForm(device)) === "strip";
  const usual = strips ? byStrips : byRegisters;
  const by = tiling === "registers" ? byRegisters : tiling === "workgroup" ? byWorkgroups : usual;
  const launch = await by(a, b, sizes, transposed);
  // Results start as zeros, which is the product of matrices that share an axis of length 0.
  return produce("matmul", [a, b], device, [sizes.m, sizes.n], (c) => (sizes.k > 0 ? [launch(c)] : []));
}

function sizesOf(a: Shape, b: Shape, transposeA: boolean, transposeB: boolean): Sizes {
  const [m, k] = transposeA ? [a[1], a[0]] : a;
  const [k2, n] = transposeB ? [b[1], b[0]] : b;
  if (a.length !== 2 || b.length !== 2 || k !== k2) {
    const mark = (transpose: boolean) => (transpose ? "ᵀ" : "");
    throw new ArgumentError(
      `Shapes ${shapeText(a)}${mark(transposeA)} and ${shapeText(b)}${mark(transposeB)} have no matrix product.`,
      "It takes [m, k] and [k, n].",
    );
  }
  return { m: m!, n: n!, k: k! };
}

type Transposed = Record<"TRANSPOSE_A" | "TRANSPOSE_B", number>;

async function byRegisters(a: Tensor, b: Tensor, { m, n, k }: Sizes, transposed: Transposed) {
  const rowLengths = [a.shape[1]!, b.shape[1]!];
  const ALIGNED = isAligned(rowLengths) ? 1 : 0;
  const kernel = await a.device.kernel(blockKernel, "main", { ...transposed, ALIGNED });
  const params = { m, n, k, a_last: a.size - 1, b_last: b.size - 1 };
  const grid = foldedGrid(Math.ceil((Math.ceil(m / 8) * Math.ceil(n / 8)) / 32));
  return (c: Tensor): Dispatch => kernel.bind({ params, a: a.buffer, b: b.buffer, c: c.buffer }, grid);
}

const isAligned = (lengths: readonly number[]) => lengths.every((length) => length % 4 === 0);

function fitsStrips(a: Tensor, b: Tensor, { m, n, k }: Sizes): boolean {
  return m * n * k > 0 && isAligned([n, k, a.shape[1]!, b.shape[1]!]);
}

async function byStrips(a: Tensor, b: Tensor, { m, n, k }: Sizes, transposed: Transposed) {
  const kernel = await a.device.kernel(stripKernel, "main", transposed);
  const grid = foldedGrid(Math.ceil(m / 8) * Math.ceil(n / 16));
  return (c: Tensor): Dispatch =>
    kernel.bind({ params: { m, n, k }, a: a.buffer, b: b.buffer, c: c.buffer }, grid);
}

async function byWorkgroups(a: Tensor, b: Tensor, { m, n, k }: Sizes, transposed: Transposed) {
  const kernel = await a.device.kernel(tileKernel, "main", transposed);
  const grid = foldedGrid(Math.ceil(m / 64) * Math.ceil(n / 64));
  return (c: Tensor): Dispatch =>
    kernel.bind({ params: { m, n, k }, a: a.buffer, b: b.buffer, c: c.buffer }, grid);
}
