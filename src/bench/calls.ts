/**
 * Counts calls of the WebGPU API, whoever makes them: the methods of its prototypes are wrapped, so that every
 * engine in a page is counted in the same way.
 */

export interface Calls {
  readonly dispatches: number;
  /** With dispatches in them: what only copies a result to be read is counted as a map. */
  readonly submits: number;
  readonly passes: number;
  readonly buffersCreated: number;
  readonly maps: number;
  /** By writeBuffer and into buffers mapped at creation. */
  readonly bytesWritten: number;
}

export const NO_CALLS: Calls = {
  dispatches: 0,
  submits: 0,
  passes: 0,
  buffersCreated: 0,
  maps: 0,
  bytesWritten: 0,
};

/** Count by count. */
export function combined(a: Calls, b: Calls, by: (a: number, b: number) => number): Calls {
  const names = Object.keys(NO_CALLS) as (keyof Calls)[];
  return Object.fromEntries(names.map((name) => [name, by(a[name], b[name])])) as unknown as Calls;
}

export function scaled(calls: Calls, factor: number): Calls {
  return combined(calls, calls, (count) => count * factor);
}

/** The global object, as far as WebGPU's interfaces go. */
export interface WebGPUScope {
  readonly GPUDevice?: { readonly prototype: GPUDevice };
  readonly GPUBuffer?: { readonly prototype: GPUBuffer };
  readonly GPUQueue?: { readonly prototype: GPUQueue };
  readonly GPUCommandEncoder?: { readonly prototype: GPUCommandEncoder };
  readonly GPUComputePassEncoder?: { readonly prototype: GPUComputePassEncoder };
}

export class CallCounter {
  readonly #calls = { ...NO_CALLS };
  readonly #restore: (() => void)[] = [];
  readonly #sizes = new WeakMap<GPUBuffer, number>();
  #liveBytes = 0;
  #peakBytes = 0;
  #dispatchesAtSubmit = 0;
  /** performance.now() when the last submit that held dispatches returned. */
  lastWork = 0;

  /** Counts from here on, until `remove`. */
  constructor(scope: WebGPUScope) {
    const calls = this.#calls;
    this.#after(scope.GPUDevice?.prototype, "createBuffer", (buffer, [descriptor]) => {
      calls.buffersCreated++;
      if (descriptor.mappedAtCreation) calls.bytesWritten += descriptor.size;
      this.#sizes.set(buffer, descriptor.size);
      this.#liveBytes += descriptor.size;
      this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    });
    this.#after(scope.GPUBuffer?.prototype, "destroy", (_result, _args, buffer) => {
      this.#liveBytes -= this.#sizes.get(buffer) ?? 0;
      this.#sizes.delete(buffer);
    });
    this.#after(scope.GPUBuffer?.prototype, "mapAsync", () => {
      calls.maps++;
    });
    this.#after(scope.GPUQueue?.prototype, "submit", () => {
      if (calls.dispatches === this.#dispatchesAtSubmit) return;
      calls.submits++;
      this.#dispatchesAtSubmit = calls.dispatches;
      this.lastWork = performance.now();
    });
    this.#after(scope.GPUQueue?.prototype, "writeBuffer", (_result, [, , data, start = 0, size]) => {
      const unit = "BYTES_PER_ELEMENT" in data ? (data.BYTES_PER_ELEMENT as number) : 1;
      calls.bytesWritten += size === undefined ? data.byteLength - start * unit : size * unit;
    });
    this.#after(scope.GPUCommandEncoder?.prototype, "beginComputePass", () => {
      calls.passes++;
    });
    for (const name of ["dispatchWorkgroups", "dispatchWorkgroupsIndirect"] as const) {
      this.#after(scope.GPUComputePassEncoder?.prototype, name, () => {
        calls.dispatches++;
      });
    }
  }

  /** So far. */
  read(): Calls {
    return { ...this.#calls };
  }

  /** Bytes of buffers created and not destroyed. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** The largest value of `liveBytes` since `resetPeak`. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  resetPeak(): void {
    this.#peakBytes = this.#liveBytes;
  }

  remove(): void {
    for (const restore of this.#restore.splice(0)) restore();
  }

  #after<T extends object, K extends keyof T>(
    prototype: T | undefined,
    name: K,
    note: T[K] extends (...args: infer A) => infer R ? (result: R, args: A, self: T) => void : never,
  ): void {
    if (!prototype) return;
    const original = prototype[name] as (...args: unknown[]) => unknown;
    const seen = note as (result: unknown, args: unknown[], self: unknown) => void;
    const wrapped = function (this: unknown, ...args: unknown[]): unknown {
      const result = original.apply(this, args);
      seen(result, args, this);
      return result;
    };
    prototype[name] = wrapped as T[K];
    this.#restore.push(() => {
      prototype[name] = original as T[K];
    });
  }
}
