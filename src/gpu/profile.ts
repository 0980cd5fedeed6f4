/** GPU time by kernel. WebGPU stamps the ends of passes, so every dispatch that is timed has a pass of its own. */
import type { Device } from "./device.js";

export interface KernelTime {
  /** Shader and entry point: "field/forward.main". */
  readonly kernel: string;
  readonly calls: number;
  /** Of all calls together. Browsers round the ends of each to 0.1 ms unless told otherwise. */
  readonly milliseconds: number;
}

/** Queries of a set (WebGPU's bound), two a dispatch. */
const QUERIES = 4096;

export class Profiler {
  readonly #sets: GPUQuerySet[] = [];
  readonly #labels: string[] = [];

  constructor(private readonly device: Device) {}

  /** Where the pass of the next dispatch leaves its two times. */
  next(label: string): GPUComputePassTimestampWrites {
    const at = (2 * this.#labels.length) % QUERIES;
    if (at === 0)
      this.#sets.push(
        this.device.gpu.createQuerySet({ label: "profile", type: "timestamp", count: QUERIES }),
      );
    this.#labels.push(label);
    const querySet = this.#sets[this.#sets.length - 1]!;
    return { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
  }

  /** By kernel, the longest first, once everything submitted has run. @throws DeviceLostError */
  async times(): Promise<KernelTime[]> {
    const stamps = await this.#read();
    const sums = new Map<string, { calls: number; milliseconds: number }>();
    this.#labels.forEach((label, i) => {
      const sum = sums.get(label) ?? { calls: 0, milliseconds: 0 };
      // Stamps are nanoseconds; a clock that was set back between two of them counts as standing still.
      const spent = Math.max(0, Number(stamps[2 * i + 1]! - stamps[2 * i]!) / 1e6);
      sums.set(label, { calls: sum.calls + 1, milliseconds: sum.milliseconds + spent });
    });
    return [...sums]
      .map(([kernel, sum]) => ({ kernel, ...sum }))
      .sort((one, other) => other.milliseconds - one.milliseconds);
  }

  async #read(): Promise<BigUint64Array> {
    const { device } = this;
    if (this.#sets.length === 0) return new BigUint64Array();
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    const bytes = 8 * QUERIES;
    const buffer = device.buffer({ label: "profile", size: this.#sets.length * bytes, usage });
    try {
      const encoder = device.gpu.createCommandEncoder({ label: "profile" });
      this.#sets.forEach((set, i) => {
        const count = Math.min(QUERIES, 2 * this.#labels.length - i * QUERIES);
        encoder.resolveQuerySet(set, 0, count, buffer.gpu, i * bytes);
      });
      device.gpu.queue.submit([encoder.finish()]);
      return new BigUint64Array(await device.read(buffer));
    } finally {
      buffer.dispose();
    }
  }

  dispose(): void {
    for (const set of this.#sets.splice(0)) set.destroy();
  }
}
