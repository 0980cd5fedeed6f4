/**
 * The device: one owner of adapter, memory, pipelines and the queue. Everything that touches WebGPU goes
 * through here, so that loss, limits, errors and counts are handled in one place.
 */
import { type Bindable, Buffer } from "./buffer.js";
import type { CalibrationStore } from "./calibration-store.js";
import { ArgumentError, DeviceLostError, FjordError, WebGPUUnavailableError } from "./errors.js";
import { KernelCache, type KernelOf } from "./kernel.js";
import type { KernelModule } from "./kernel-module.js";
import { type KernelTime, Profiler } from "./profile.js";
import { Readback } from "./readback.js";
import { type Command, encodeCommands } from "./submit.js";
import { UniformPages } from "./uniform.js";

export interface AdapterSummary {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** True for an emulation on the CPU (SwiftShader, lavapipe): everything works, slowly. */
  readonly isSoftware: boolean;
  /** Invocations of a subgroup on a software adapter whose subgroups are all of one size. */
  readonly subgroupSize?: number;
}

/** Counts since the device was opened, except `buffers` and `bytes`, which are of now. */
export interface DeviceStats {
  readonly buffers: number;
  readonly bytes: number;
  readonly peakBytes: number;
  readonly pipelines: number;
  readonly dispatches: number;
  readonly submits: number;
  readonly maps: number;
}

/** Live buffers of one name. */
export interface BufferUse {
  readonly label: string;
  readonly buffers: number;
  readonly bytes: number;
}

export interface OpenOptions {
  /** The entry point to WebGPU; default `navigator.gpu`, in Node the optional package `webgpu`. */
  gpu?: GPU;
  /** Limits above WebGPU's defaults, e.g. `{ maxStorageBufferBindingSize: 1 << 29 }` for very wide fields. */
  limits?: Record<string, number>;
  /** Called once when the device is lost, unless dispose() caused it. */
  onLost?: (error: DeviceLostError) => void;
  /**
   * Where the adapter's measured speed is remembered between sessions; default IndexedDB, in Node a file in the user's
   * cache folder. "off": nothing is measured, and paths are chosen by size alone.
   */
  calibration?: "off" | CalibrationStore;
  /**
   * Multiply-adds after which a solve or a training step goes on in another submission, so that no driver takes it for
   * hung and a page stays responsive; short training steps share a submission up to as many. A Runge–Kutta step, or the few
   * whose sweeps share a product of weight gradients, is never cut, nor is a fused step of flow matching. Default 4e9;
   * give Infinity on adapters that know no such limit. Numbers are the same bit for bit, except that weight gradients of
   * fused solves that are cut may round otherwise where a workgroup adds up several tiles of a large batch, where weights are
   * resident (on software adapters), and in the gradient of a trained swish's beta.
   */
  workPerSubmit?: number;
}

/** Some milliseconds on an integrated GPU, well below what a driver kills. */
const WORK_PER_SUBMIT = 4e9;

export class Device {
  readonly calibration: OpenOptions["calibration"];
  /** Multiply-adds in a submission of solves or training steps. */
  readonly workPerSubmit: number;
  readonly lost: Promise<DeviceLostError>;
  /** Validation and memory errors that no scope caught: empty unless the library has a defect. */
  readonly uncapturedErrors: string[] = [];
  readonly uniforms: UniformPages;
  readonly #kernels: KernelCache;
  readonly #readback: Readback;
  readonly #counts = { buffers: 0, bytes: 0, peakBytes: 0, dispatches: 0, submits: 0, maps: 0 };
  readonly #live = new Set<Buffer>();
  #profiler: Profiler | undefined;
  #lossError: DeviceLostError | undefined;
  #disposed = false;
  #allocating: Promise<unknown> = Promise.resolve();
  /** Dawn's devices in Node do not keep their instance alive: collected as garbage, it takes the process along. */
  entryPoint: GPU | undefined;

  constructor(
    readonly gpu: GPUDevice,
    readonly adapter: AdapterSummary,
    { onLost, calibration, workPerSubmit = WORK_PER_SUBMIT, gpu: entryPoint }: OpenOptions = {},
  ) {
    this.entryPoint = entryPoint;
    this.calibration = calibration;
    this.workPerSubmit = workPerSubmit;
    gpu.addEventListener("uncapturederror", (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      this.uncapturedErrors.push(error.message);
      console.error(`WebGPU: ${error.message}`);
    });
    this.lost = gpu.lost.then((info) => {
      this.#lossError = new DeviceLostError(
        `The GPU device was lost (${info.reason || "unknown"}): ${info.message}`,
      );
      if (!this.#disposed) onLost?.(this.#lossError);
      return this.#lossError;
    });
    this.#kernels = new KernelCache(gpu);
    this.#readback = new Readback(this);
    this.uniforms = new UniformPages(this);
  }

  /** The largest sizes this device takes. */
  get limits(): GPUSupportedLimits {
    return this.gpu.limits;
  }

  get isLost(): boolean {
    return this.#lossError !== undefined;
  }

  /** Throws unless the device can still be used: after loss nearly every call would silently succeed. */
  assertUsable(): void {
    if (this.#disposed) throw new FjordError("disposed", "The device was used after dispose().");
    if (this.#lossError) throw this.#lossError;
  }

  stats(): DeviceStats {
    return { ...this.#counts, pipelines: this.#kernels.size };
  }

  /** Which buffers there are now, those of one name together, the largest share first. */
  memory(): BufferUse[] {
    const uses = new Map<string, BufferUse>();
    for (const { label, size } of this.#live) {
      const { buffers = 0, bytes = 0 } = uses.get(label) ?? {};
      uses.set(label, { label, buffers: buffers + 1, bytes: bytes + size });
    }
    return [...uses.values()].sort((one, other) => other.bytes - one.bytes);
  }

  /**
   * A storage buffer of `size` bytes (rounded up to 4), zeroed or filled with `data`.
   * @throws FjordError `limit-exceeded` before touching the GPU when the size is over the device's limits.
   */
  buffer(spec: { label: string; size?: number; data?: ArrayBufferView; usage?: number }): Buffer {
    this.assertUsable();
    const size = Math.max(4, Math.ceil((spec.size ?? spec.data?.byteLength ?? 0) / 4) * 4);
    const most = Math.min(this.limits.maxBufferSize, this.limits.maxStorageBufferBindingSize);
    if (!Number.isSafeInteger(size) || size > most) {
      throw new FjordError(
        "limit-exceeded",
        `Buffer "${spec.label}" would take ${size} bytes; this device takes at most ${most} in one.`,
        "Use a smaller batch, or open the device with higher limits.",
      );
    }
    const usage = spec.usage ?? GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const gpu = this.gpu.createBuffer({ label: spec.label, size, usage });
    const counts = this.#counts;
    counts.buffers += 1;
    counts.bytes += size;
    counts.peakBytes = Math.max(counts.peakBytes, counts.bytes);
    const buffer = new Buffer(gpu, size, spec.label, () => {
      counts.buffers -= 1;
      counts.bytes -= size;
      this.#live.delete(buffer);
    });
    this.#live.add(buffer);
    if (spec.data) this.write(buffer, spec.data);
    return buffer;
  }

  /** Queues a copy of `data` into the buffer, `at` bytes from the start of the view. */
  write(target: Bindable, data: ArrayBufferView, at = 0): void {
    this.assertUsable();
    this.gpu.queue.writeBuffer(
      target.buffer.gpu,
      target.offset + at,
      data.buffer,
      data.byteOffset,
      data.byteLength,
    );
  }

  /**
   * Runs `create`, which allocates, and waits until the GPU says that the memory is there.
   * `create` must not call allocate itself. @throws FjordError `out-of-memory`; what `create` made is then disposed.
   */
  allocate<T extends { dispose(): void }>(what: string, create: () => T | Promise<T>): Promise<T> {
    // One at a time: error scopes are a stack, and two calls under way would take each other's errors.
    const mine = this.#allocating.then(() => this.#allocate(what, create));
    this.#allocating = mine.catch(() => {});
    return mine;
  }

  async #allocate<T extends { dispose(): void }>(what: string, create: () => T | Promise<T>): Promise<T> {
    this.assertUsable();
    this.gpu.pushErrorScope("out-of-memory");
    let made: T | undefined;
    let failure: unknown;
    try {
      made = await create();
    } catch (error) {
      failure = error;
    }
    const error = await this.gpu.popErrorScope();
    if (failure !== undefined) throw failure;
    if (error) {
      made?.dispose();
      throw new FjordError(
        "out-of-memory",
        `The GPU has no memory for ${what} (${this.#counts.bytes} bytes are in use).`,
        "Use a smaller batch or dispose what is no longer needed.",
      );
    }
    return made as T;
  }

  /** The compiled kernel for one entry point and set of constants; compiled once, in the background. */
  kernel<M extends KernelModule, E extends keyof M["entryPoints"] & string>(
    module: M,
    entry: E,
    constants: Partial<Record<keyof M["constants"] & string, number>> = {},
  ): Promise<KernelOf<M, E>> {
    this.assertUsable();
    return this.#kernels.get(this, module, entry, constants as Record<string, number>);
  }

  /** Encodes the commands in order and submits them once. */
  run(commands: readonly Command[], label = "fjordgpu"): void {
    this.assertUsable();
    const encoder = this.gpu.createCommandEncoder({ label });
    this.#counts.dispatches += encodeCommands(encoder, commands, this.#profiler);
    this.#counts.submits += 1;
    this.gpu.queue.submit([encoder.finish()]);
  }

  /**
   * Runs `work` and times every kernel that the device runs meanwhile; each dispatch then has a pass of its own, so the
   * whole takes longer than without. `kernels` is undefined on a device without timestamps.
   * @throws ArgumentError while another profile is under way; DeviceLostError; what `work` throws
   */
  async profile<T>(work: () => Promise<T>): Promise<{ result: T; kernels: KernelTime[] | undefined }> {
    this.assertUsable();
    if (!this.gpu.features.has("timestamp-query")) return { result: await work(), kernels: undefined };
    if (this.#profiler)
      throw new ArgumentError("The device is being profiled already.", "Wait for it to end.");
    const profiler = new Profiler(this);
    this.#profiler = profiler;
    try {
      const result = await work();
      this.#profiler = undefined;
      return { result, kernels: await profiler.times() };
    } finally {
      this.#profiler = undefined;
      profiler.dispose();
    }
  }

  /** Resolves when everything submitted so far has run. @throws DeviceLostError */
  async finished(): Promise<void> {
    this.assertUsable();
    await Promise.race([this.gpu.queue.onSubmittedWorkDone(), this.lost]);
    this.assertUsable();
  }

  /** Copies a view to the CPU. Always settles. @throws DeviceLostError */
  async read(view: Bindable): Promise<ArrayBuffer> {
    this.assertUsable();
    this.#counts.maps += 1;
    this.#counts.submits += 1;
    return this.#readback.read(view);
  }

  async readF32(view: Bindable): Promise<Float32Array> {
    return new Float32Array(await this.read(view));
  }

  async readU32(view: Bindable): Promise<Uint32Array> {
    return new Uint32Array(await this.read(view));
  }

  /** Frees the device and everything on it. Idempotent. */
  dispose(): void {
    if (this.#disposed) return;
    this.#readback.dispose();
    this.uniforms.dispose();
    this.#disposed = true;
    this.gpu.destroy();
    // Unreferenced, it no longer keeps Node from ending.
    this.entryPoint = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Opens a device in a page, in a worker or in Node.
 * @throws ArgumentError when workPerSubmit is not positive;
 * WebGPUUnavailableError with `reason` no-api, insecure-context, no-adapter or device-failed
 */
export async function openDevice(options: OpenOptions = {}): Promise<Device> {
  const { workPerSubmit = WORK_PER_SUBMIT } = options;
  if (!(workPerSubmit > 0)) {
    throw new ArgumentError(`workPerSubmit is ${workPerSubmit}.`, "Give a positive number of multiply-adds.");
  }
  const gpu = options.gpu ?? (await findWebGPU());
  // A device may come back already lost when its adapter expired; one more try with a fresh adapter.
  for (let attempt = 0; ; attempt++) {
    const device = await requestDevice(gpu, options);
    const loss = await Promise.race([device.lost, Promise.resolve(undefined)]);
    if (!loss) return device;
    if (attempt === 1) {
      throw new WebGPUUnavailableError(
        "device-failed",
        "The GPU device was lost as soon as it was opened.",
        "Reload the page, or restart the browser.",
        { cause: loss },
      );
    }
  }
}

/** Used where an adapter has them. */
const WANTED: readonly GPUFeatureName[] = ["timestamp-query", "subgroups"];

async function requestDevice(gpu: GPU, options: OpenOptions): Promise<Device> {
  const adapter = await gpu.requestAdapter();
  if (!adapter) {
    throw new WebGPUUnavailableError(
      "no-adapter",
      "WebGPU is here but offers no adapter.",
      "Check that hardware acceleration is on (chrome://gpu in Chrome) and that the driver is up to date.",
    );
  }
  const { vendor, architecture, description, isFallbackAdapter, subgroupMinSize, subgroupMaxSize } =
    adapter.info;
  const isSoftware =
    isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe/i.test(`${architecture} ${description}`);
  // Kernels that count on the size of a subgroup are written for software adapters only.
  const hasSubgroups = adapter.features.has("subgroups") && subgroupMinSize === subgroupMaxSize;
  const subgroupSize = isSoftware && hasSubgroups ? subgroupMinSize : undefined;
  let device: GPUDevice;
  try {
    // WebGPU's default limits are enough for every kernel (8 storage buffers, 16 KiB of workgroup memory,
    // 256 invocations); only what the caller asks for is raised.
    device = await adapter.requestDevice({
      requiredLimits: options.limits ?? {},
      requiredFeatures: WANTED.filter((feature) => adapter.features.has(feature)),
    });
  } catch (error) {
    throw new WebGPUUnavailableError(
      "device-failed",
      `The adapter refused a device: ${error instanceof Error ? error.message : String(error)}.`,
      "Ask for lower limits, or restart the browser.",
      { cause: error },
    );
  }
  const summary = { vendor, architecture, description, isSoftware, subgroupSize };
  return new Device(device, summary, { ...options, gpu });
}

async function findWebGPU(): Promise<GPU> {
  const scope = globalThis as {
    navigator?: { gpu?: GPU };
    isSecureContext?: boolean;
    process?: { versions?: { node?: string } };
  };
  if (scope.navigator?.gpu) return scope.navigator.gpu;
  if (scope.process?.versions?.node) {
    // A variable keeps bundlers for the browser from following this import.
    const nodeModule = "../node/open.js";
    const { openNodeGPU } = (await import(/* @vite-ignore */ nodeModule)) as typeof import("../node/open.js");
    return (await openNodeGPU()).gpu;
  }
  if (scope.isSecureContext === false) {
    throw new WebGPUUnavailableError(
      "insecure-context",
      "WebGPU is hidden because this page was not loaded securely.",
      "Use https, or http://localhost.",
    );
  }
  throw new WebGPUUnavailableError(
    "no-api",
    "This browser has no WebGPU.",
    "Use Chrome or Edge 113+, Safari 26+, or Firefox 141+ (Windows) or 145+ (macOS).",
  );
}
