/** θ on the GPU and its packed copy: one per model, shared by every solve that uses it. */

import { pack } from "../generated/field/pack.js";
import { type Buffer, BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { ArgumentError } from "../gpu/errors.js";
import { type Command, foldedGrid } from "../gpu/submit.js";
import { type Packing, packing } from "./packing.js";
import { type MlpSpec, paramLayout } from "./spec.js";

export class Weights {
  private constructor(
    readonly device: Device,
    readonly packing: Packing,
    /** f32 [P + extras]: θ in its public order, then what the optimiser trains beside it (the end time). */
    readonly theta: Buffer,
    /** f32 [packedSize]: what the kernels read. */
    readonly packed: Buffer,
    /** Renews `packed` from `theta`: one dispatch, to be run after every change of θ. */
    readonly repack: readonly Command[],
    private readonly buffers: BufferGroup,
  ) {}

  /** Allocates and uploads θ and extras. @throws ArgumentError when θ's length is not that of the layout. */
  static async create(
    device: Device,
    spec: MlpSpec,
    values: Float32Array,
    extras: readonly number[] = [],
  ): Promise<Weights> {
    const layout = packing(spec);
    checkLength(layout.paramCount, values, spec);
    const trained = new Float32Array(values.length + extras.length);
    trained.set(values);
    trained.set(extras, values.length);
    const kernel = await device.kernel(pack, "main");
    return device.allocate("the parameters", () =>
      BufferGroup.filled((buffers) => {
        const theta = buffers.add(device.buffer({ label: "theta", data: trained }));
        const packed = buffers.add(device.buffer({ label: "packed theta", size: layout.packedSize * 4 }));
        const map = buffers.add(device.buffer({ label: "pack map", data: layout.packMap }));
        const grid = foldedGrid(Math.ceil(layout.packedSize / 64));
        const repack = [kernel.bind({ params: { count: layout.packedSize }, map, theta, packed }, grid)];
        device.run(repack, "pack");
        return new Weights(device, layout, theta, packed, repack, buffers);
      }),
    );
  }

  /** Replaces θ. @throws ArgumentError when the length is wrong. */
  write(values: Float32Array): void {
    checkLength(this.packing.paramCount, values, this.packing.spec);
    this.device.write(this.theta, values);
    this.device.run(this.repack, "pack");
  }

  async read(): Promise<Float32Array> {
    return (await this.device.readF32(this.theta)).slice(0, this.packing.paramCount);
  }

  dispose(): void {
    this.buffers.dispose();
  }
}

function checkLength(count: number, values: Float32Array, spec: MlpSpec): void {
  if (values.length === count) return;
  const tensors = paramLayout(spec).map((tensor) => `${tensor.name} [${tensor.shape.join(", ")}]`);
  throw new ArgumentError(
    `θ has ${values.length} entries; this field takes ${count}.`,
    `In order: ${tensors.join("; ")}.`,
  );
}

/** Entries of all weight matrices: multiply-adds of one row. */
export function weightCount(weights: Weights): number {
  return weights.packing.layers.reduce((sum, layer) => sum + layer.inPadded * layer.outPadded, 0);
}
