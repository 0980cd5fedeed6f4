/** What the adapter can do at most: a bare product and bare multiply-adds, in plain WebGPU. */
import { matrix } from "../../src/bench/engine.js";
import type { Candidate, Runner } from "../../src/bench/timing.js";
import type { ProductSize } from "../../src/bench/workloads.js";
import type { Device } from "../../src/index.js";
import multiplyAdd from "./kernels/multiply_add.wgsl?raw";
import product from "./kernels/product.wgsl?raw";

const STORAGE = () => GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;

/** Of what `matrix` gives, as the other engines' products. @throws RangeError when 8 does not divide a size */
export async function bareProduct({ gpu }: Device, { m, n, k }: ProductSize): Promise<Runner> {
  if ([m, n, k].some((size) => size % 8 !== 0)) throw new RangeError(`8 does not divide ${m}×${k}×${n}.`);
  const sizes = `const M = ${m}u; const K = ${k}u; const N = ${n}u;\n`;
  const a = filled(gpu, matrix(m, k, 1), STORAGE());
  const b = filled(gpu, matrix(k, n, 2), STORAGE());
  const c = gpu.createBuffer({ size: 4 * m * n, usage: STORAGE() });
  return repeated(gpu, sizes + product, [a, b, c], [Math.ceil(n / 64), Math.ceil(m / 32)]);
}

/** Workgroups, and operations of one dispatch. */
const GROUPS = 64;
const OPERATIONS = GROUPS * 32 * 4096 * 8 * 4 * 2;

export function multiplyAddCeiling({ gpu }: Device): Candidate {
  return {
    name: "multiply-adds",
    operations: OPERATIONS,
    prepare: async () => {
      const sums = filled(gpu, new Float32Array(GROUPS * 32 * 4).fill(0.5), STORAGE());
      return repeated(gpu, multiplyAdd, [sums], [GROUPS]);
    },
  };
}

function filled(gpu: GPUDevice, data: Float32Array<ArrayBuffer>, usage: number): GPUBuffer {
  const buffer = gpu.createBuffer({ size: data.byteLength, usage });
  gpu.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

/** A burst is one pass. Storage in the order of its bindings; the last one is written. */
async function repeated(
  gpu: GPUDevice,
  code: string,
  buffers: readonly GPUBuffer[],
  grid: readonly [number, number?],
): Promise<Runner> {
  const module = gpu.createShaderModule({ code });
  const last = buffers.length - 1;
  const layout = gpu.createBindGroupLayout({
    entries: buffers.map((_, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: binding < last ? "read-only-storage" : "storage" },
    })),
  });
  const pipeline = await gpu.createComputePipelineAsync({
    layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: "main" },
  });
  const group = gpu.createBindGroup({
    layout,
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return {
    warm: async () => {},
    burst: async (calls) => {
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let i = 0; i < calls; i++) pass.dispatchWorkgroups(...grid);
      pass.end();
      gpu.queue.submit([encoder.finish()]);
      await gpu.queue.onSubmittedWorkDone();
    },
    dispose: () => {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}
