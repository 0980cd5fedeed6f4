/** Chunks of parameter gradients added up, in chunk order, to θ̄ in the public order (shaders/field/reduce_grad.wgsl). */
import type { reduceGrad as reduceModule } from "../generated/field/reduce_grad.js";
import type { Buffer } from "../gpu/buffer.js";
import type { KernelOf } from "../gpu/kernel.js";
import { type Command, foldedGrid } from "../gpu/submit.js";
import type { Packing } from "./packing.js";

export interface GradientChunks {
  /** u32 [P + 2]: packing.gradientMap. */
  readonly map: Buffer;
  /** f32 [chunks][packing.chunkSize]. */
  readonly partial: Buffer;
  readonly chunks: number;
  /** f32 [P + 2]: θ̄, Σ τ t̄, Σ t̄. */
  readonly thetaBar: Buffer;
  readonly sign: 1 | -1;
}

export function reduceGradient(
  kernel: KernelOf<typeof reduceModule, "main">,
  packing: Packing,
  { map, partial, chunks, thetaBar, sign }: GradientChunks,
): Command {
  const count = packing.paramCount + 2;
  const params = { count, chunks, length: packing.chunkSize, columns: packing.columns, sign };
  return kernel.bind({ params, map, partial, theta_bar: thetaBar }, foldedGrid(Math.ceil(count / 64)));
}
