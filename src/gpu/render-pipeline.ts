/** From a generated module with a vertex and a fragment entry point to a draw call. */
import type { Bindable } from "./buffer.js";
import { KernelCompilationError } from "./errors.js";
import { compileShader } from "./kernel.js";
import type { BindingInfo, KernelModule } from "./kernel-module.js";

/** What every picture is drawn in: a canvas takes it too. */
export const PICTURE_FORMAT = "rgba8unorm";

/** Source over destination; fragments come premultiplied by their opacity. */
const OVER = { srcFactor: "one", dstFactor: "one-minus-src-alpha" } as const;

/** One draw call, ready to be encoded. */
export interface Draw {
  readonly pipeline: GPURenderPipeline;
  readonly bindGroup: GPUBindGroup;
  readonly vertices: number;
}

export interface Renderer {
  readonly module: KernelModule;
  /** @param buffers one for every binding of the module, by its name in the shader */
  bind(buffers: Readonly<Record<string, Bindable>>): GPUBindGroup;
  readonly pipeline: GPURenderPipeline;
}

/**
 * Compiles the entry points `vertex` and `fragment` of a module for pictures of PICTURE_FORMAT.
 * Vertices are lists of triangles.
 * @throws KernelCompilationError
 */
export async function createRenderer(gpu: GPUDevice, module: KernelModule): Promise<Renderer> {
  const shader = await compileShader(gpu, module, []);
  const bindings: Record<string, BindingInfo> = {};
  for (const { bindings: own } of Object.values(module.renderEntryPoints ?? {})) Object.assign(bindings, own);
  const layout = gpu.createBindGroupLayout({
    label: module.name,
    entries: Object.values(bindings).map((info) => ({
      binding: info.binding,
      visibility: GPUShaderStage.VERTEX | GPUShaderStage.FRAGMENT,
      buffer: { type: info.type, minBindingSize: info.type === "uniform" ? info.size : info.minSize },
    })),
  });
  const pipeline = await gpu
    .createRenderPipelineAsync({
      label: module.name,
      layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      vertex: { module: shader, entryPoint: "vertex" },
      fragment: {
        module: shader,
        entryPoint: "fragment",
        targets: [{ format: PICTURE_FORMAT, blend: { color: OVER, alpha: OVER } }],
      },
      primitive: { topology: "triangle-list" },
    })
    .catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      throw new KernelCompilationError(module.name, 0, `${module.name} has no pipeline: ${text}`, {
        cause: error,
      });
    });
  const bind = (buffers: Readonly<Record<string, Bindable>>) =>
    gpu.createBindGroup({
      label: module.name,
      layout,
      entries: Object.entries(bindings).map(([name, { binding }]) => {
        const view = buffers[name]!;
        return { binding, resource: { buffer: view.buffer.gpu, offset: view.offset, size: view.size } };
      }),
    });
  return { module, pipeline, bind };
}
