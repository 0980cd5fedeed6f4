/** From a generated kernel module to a dispatch: compile once, bind by name, launch. */
import type { Bindable, BufferView } from "./buffer.js";
import type { Device } from "./device.js";
import { ArgumentError, KernelCompilationError } from "./errors.js";
import type { BindingInfo, KernelModule, StructInfo } from "./kernel-module.js";
import type { Dispatch } from "./submit.js";

/** Values of a uniform struct, by field; vectors and arrays are flat lists. */
export type UniformValues = Readonly<Record<string, number | readonly number[] | Float32Array>>;

type BindingsOf<M extends KernelModule, E extends keyof M["entryPoints"]> = M["entryPoints"][E]["bindings"];

/** What `bind` takes: a buffer for each storage binding, a plain object for each uniform one. */
export type BindingValues<M extends KernelModule, E extends keyof M["entryPoints"]> = {
  readonly [Name in keyof BindingsOf<M, E>]: BindingsOf<M, E>[Name] extends { type: "uniform" }
    ? UniformValues | BufferView
    : Bindable;
};

export interface KernelOf<M extends KernelModule, E extends keyof M["entryPoints"]> {
  readonly label: string;
  readonly workgroupSize: readonly [number, number, number];
  /** A launch of this kernel on these buffers over `grid` workgroups; nothing is allocated at launch. */
  bind(values: BindingValues<M, E>, grid: readonly [number, number, number]): Dispatch;
}

/** Compiled pipelines by source and constants, with the compilations under way. */
export class KernelCache {
  readonly #pipelines = new Map<string, Promise<KernelOf<KernelModule, string>>>();
  readonly #shaders = new Map<string, Promise<GPUShaderModule>>();

  constructor(private readonly gpu: GPUDevice) {}

  get size(): number {
    return this.#pipelines.size;
  }

  get<M extends KernelModule, E extends keyof M["entryPoints"] & string>(
    device: Device,
    module: M,
    entry: E,
    constants: Record<string, number>,
  ): Promise<KernelOf<M, E>> {
    const key = `${module.hash} ${entry} ${JSON.stringify(constants)}`;
    let kernel = this.#pipelines.get(key);
    if (!kernel) {
      kernel = this.#compile(device, module, entry, constants);
      this.#pipelines.set(key, kernel);
      // A failed compilation is not remembered: the next call tries again and reports again.
      kernel.catch(() => this.#pipelines.delete(key));
    }
    return kernel as unknown as Promise<KernelOf<M, E>>;
  }

  async #compile(device: Device, module: KernelModule, entry: string, constants: Record<string, number>) {
    const point = module.entryPoints[entry];
    if (!point) throw new ArgumentError(`Kernel ${module.name} has no entry point "${entry}".`);
    const label = `${module.name}.${entry}`;
    const shader = await this.#shader(module, constants);
    const layout = this.gpu.createBindGroupLayout({
      label,
      entries: Object.values(point.bindings).map((info) => ({
        binding: info.binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: info.type, minBindingSize: info.type === "uniform" ? info.size : info.minSize },
      })),
    });
    const pipeline = await this.gpu
      .createComputePipelineAsync({
        label,
        layout: this.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module: shader, entryPoint: entry },
      })
      .catch((error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        throw new KernelCompilationError(module.name, 0, `Kernel ${label} has no pipeline: ${text}`, {
          cause: error,
        });
      });
    return new Kernel(device, module, label, point.workgroupSize, point.bindings, layout, pipeline);
  }

  #shader(module: KernelModule, constants: Record<string, number>): Promise<GPUShaderModule> {
    const enables = (module.enables ?? []).map((name) => `enable ${name};`);
    const prelude = [...enables, ...constantLines(module, constants)];
    const key = `${module.hash} ${prelude.join(" ")}`;
    let shader = this.#shaders.get(key);
    if (!shader) {
      shader = compileShader(this.gpu, module, prelude);
      this.#shaders.set(key, shader);
      shader.catch(() => this.#shaders.delete(key));
    }
    return shader;
  }
}

/** @param prelude lines in front of the module's code @throws KernelCompilationError with file and line */
export async function compileShader(
  gpu: GPUDevice,
  module: KernelModule,
  prelude: readonly string[],
): Promise<GPUShaderModule> {
  const code = [...prelude, module.code].join("\n");
  // The scope takes the validation error that a bad shader raises: it is thrown here with its place instead.
  gpu.pushErrorScope("validation");
  const shader = gpu.createShaderModule({ label: module.name, code });
  // Awaited together: a device that is lost meanwhile rejects both, and none of them may go unhandled.
  const [failure, info] = await Promise.all([gpu.popErrorScope(), shader.getCompilationInfo()]);
  const message = info.messages.find((candidate) => candidate.type === "error");
  if (message) {
    const [file, line] = placeOf(module, message.lineNum - prelude.length);
    throw new KernelCompilationError(
      module.name,
      line,
      `${file}:${line}:${message.linePos}: ${message.message}`,
    );
  }
  if (failure) throw new KernelCompilationError(module.name, 0, `Kernel ${module.name}: ${failure.message}`);
  return shader;
}

class Kernel implements KernelOf<KernelModule, string> {
  constructor(
    private readonly device: Device,
    private readonly module: KernelModule,
    readonly label: string,
    readonly workgroupSize: readonly [number, number, number],
    private readonly bindings: Readonly<Record<string, BindingInfo>>,
    private readonly layout: GPUBindGroupLayout,
    private readonly pipeline: GPUComputePipeline,
  ) {}

  bind(
    values: Readonly<Record<string, Bindable | UniformValues>>,
    grid: readonly [number, number, number],
  ): Dispatch {
    const entries = Object.entries(this.bindings).map(([name, info]) => {
      const value = values[name];
      if (value === undefined) throw new ArgumentError(`Kernel ${this.label} was bound without "${name}".`);
      const view = isView(value) ? value : this.device.uniforms.view(this.#pack(name, info, value));
      return {
        binding: info.binding,
        resource: { buffer: view.buffer.gpu, offset: view.offset, size: view.size },
      };
    });
    const bindGroup = this.device.gpu.createBindGroup({ label: this.label, layout: this.layout, entries });
    return { kind: "dispatch", label: this.label, pipeline: this.pipeline, bindGroup, grid };
  }

  #pack(name: string, info: BindingInfo, values: UniformValues): Uint8Array {
    const struct = info.type === "uniform" ? this.module.structs[info.struct] : undefined;
    if (!struct) throw new ArgumentError(`Binding "${name}" of kernel ${this.label} takes a buffer.`);
    return packStruct(`${this.label} ${name}`, struct, values);
  }
}

function isView(value: Bindable | UniformValues): value is Bindable {
  return "buffer" in value && typeof value.buffer === "object" && "gpu" in value.buffer;
}

/** The bytes of a uniform struct. Every field must be given; f32 and u32/i32 vectors and arrays are flat lists. */
export function packStruct(what: string, struct: StructInfo, values: UniformValues): Uint8Array {
  const bytes = new ArrayBuffer(struct.size);
  for (const [field, { offset, type }] of Object.entries(struct.fields)) {
    const value = values[field];
    if (value === undefined) throw new ArgumentError(`${what}: field "${field}" is missing.`);
    const numbers = typeof value === "number" ? [value] : value;
    const room = (struct.size - offset) / 4;
    if (numbers.length > room)
      throw new ArgumentError(`${what}: field "${field}" has ${numbers.length} values.`);
    const target = type.includes("u32")
      ? new Uint32Array(bytes, offset, numbers.length)
      : type.includes("i32")
        ? new Int32Array(bytes, offset, numbers.length)
        : new Float32Array(bytes, offset, numbers.length);
    target.set(numbers);
  }
  const unknown = Object.keys(values).find((field) => !(field in struct.fields));
  if (unknown) throw new ArgumentError(`${what}: there is no field "${unknown}".`);
  return new Uint8Array(bytes);
}

function constantLines(module: KernelModule, constants: Record<string, number>): string[] {
  for (const name of Object.keys(constants)) {
    if (!(name in module.constants))
      throw new ArgumentError(`Kernel ${module.name} has no constant ${name}.`);
  }
  return Object.entries(module.constants).map(([name, { type, default: byDefault }]) => {
    const value = constants[name] ?? byDefault;
    const text = type === "u32" ? `${value}u` : type === "i32" ? `${value}i` : `f32(${value})`;
    return `const ${name}: ${type} = ${text};`;
  });
}

/** File and line of a line of the resolved code. */
function placeOf(module: KernelModule, line: number): [string, number] {
  let place: [string, number] = [`shaders/${module.name}.wgsl`, line];
  for (const [first, file, lineInFile] of module.sources) {
    if (line >= first) place = [file, lineInFile + line - first];
  }
  return place;
}
