/** Random tensors, filled on the GPU with the bits that the functions of random.ts give on the CPU. */
import { random as randomKernel } from "../generated/tensor/random.js";
import type { Device } from "../gpu/device.js";
import { integerIn } from "../gpu/errors.js";
import { packStruct } from "../gpu/kernel.js";
import { foldedGrid } from "../gpu/submit.js";
import { NORMAL_TABLE } from "./normal-table.js";
import { seedWords } from "./philox.js";
import { PURPOSE } from "./random.js";
import { checkedShape, type Shape } from "./shape.js";
import { produce, type Tensor } from "./tensor.js";

export interface RandomOptions {
  /** Integer from 0 to 2^53 − 1. */
  seed: number;
  /** u32, default 0: number of the draw; each has a stream of its own. */
  step?: number;
}

/** In the order of KIND in shaders/tensor/random.wgsl. */
const KINDS = ["uniform", "normal", "rademacher"] as const;

/** Bound where no table is read: a binding must hold one row. */
const NO_TABLE = new Int32Array(4);

async function random(
  kind: (typeof KINDS)[number],
  device: Device,
  shape: Shape,
  { seed, step = 0 }: RandomOptions,
): Promise<Tensor> {
  const checked = checkedShape(shape);
  integerIn("The step of a random tensor", step, 0, 0xffffffff);
  const [low, high] = seedWords(seed);
  const kernel = await device.kernel(randomKernel, "main", { KIND: KINDS.indexOf(kind) });
  const table = device.buffer({ label: "normal table", data: kind === "normal" ? NORMAL_TABLE : NO_TABLE });
  // Not among the device's uniform pages, which are kept for ever: the key is another one each time.
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const params = device.buffer({ label: "random key", size: randomKernel.structs.Params.size, usage });
  try {
    return await produce(`random ${kind}`, [], device, checked, (result) => {
      const key = { count: result.size, purpose: PURPOSE.user, step, seed_low: low, seed_high: high };
      device.write(params, packStruct("The random key", randomKernel.structs.Params, key));
      const grid = foldedGrid(Math.ceil(result.size / 256));
      return [kernel.bind({ params, output: result.buffer, normal_table: table }, grid)];
    });
  } finally {
    params.dispose();
    table.dispose();
  }
}

/**
 * Uniform on (0, 1). Entry i is that of `randomUniform(n, { seed, step, purpose: PURPOSE.user })` in random.ts, on
 * every device; so are the two below.
 * @throws ArgumentError for a seed or step out of range
 */
export const randomUniform = (device: Device, shape: Shape, options: RandomOptions): Promise<Tensor> =>
  random("uniform", device, shape, options);

/** Standard normal, |x| ≤ 6.34. */
export const randomNormal = (device: Device, shape: Shape, options: RandomOptions): Promise<Tensor> =>
  random("normal", device, shape, options);

/** ±1, each with probability ½. */
export const randomRademacher = (device: Device, shape: Shape, options: RandomOptions): Promise<Tensor> =>
  random("rademacher", device, shape, options);
