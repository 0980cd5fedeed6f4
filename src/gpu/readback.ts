/** The one way from GPU memory to the CPU: staging buffers that are reused, and promises that always settle. */
import type { Bindable } from "./buffer.js";
import type { Device } from "./device.js";
import { DeviceLostError } from "./errors.js";

interface Staging {
  readonly gpu: GPUBuffer;
  readonly size: number;
}

/** Idle staging buffers kept for reuse; more than this are freed. */
const KEPT = 4;

export class Readback {
  readonly #idle: Staging[] = [];

  constructor(private readonly device: Device) {}

  async read(view: Bindable): Promise<ArrayBuffer> {
    const { gpu } = this.device;
    const staging = this.#take(view.size);
    try {
      const encoder = gpu.createCommandEncoder({ label: "readback" });
      encoder.copyBufferToBuffer(view.buffer.gpu, view.offset, staging.gpu, 0, view.size);
      gpu.queue.submit([encoder.finish()]);
      const mapped = staging.gpu.mapAsync(GPUMapMode.READ, 0, view.size);
      // A device that is lost may leave the map pending for ever: race it. The loser must not go unhandled.
      mapped.catch(() => {});
      const loss = await Promise.race([mapped, this.device.lost]);
      if (loss) throw loss;
    } catch (error) {
      // A staging buffer whose map failed is in an unknown state: never reuse it.
      staging.gpu.destroy();
      if (this.device.isLost) throw await this.device.lost;
      if (error instanceof Error && error.name === "AbortError") {
        throw new DeviceLostError("Reading from the GPU was aborted.", { cause: error });
      }
      throw error;
    }
    const bytes = staging.gpu.getMappedRange(0, view.size).slice(0);
    staging.gpu.unmap();
    this.#giveBack(staging);
    return bytes;
  }

  dispose(): void {
    for (const staging of this.#idle.splice(0)) staging.gpu.destroy();
  }

  #take(size: number): Staging {
    const fits = this.#idle.findIndex((staging) => staging.size >= size && staging.size <= 4 * size + 4096);
    if (fits >= 0) return this.#idle.splice(fits, 1)[0]!;
    const rounded = 2 ** Math.ceil(Math.log2(Math.max(size, 256)));
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    return { gpu: this.device.gpu.createBuffer({ label: "staging", size: rounded, usage }), size: rounded };
  }

  #giveBack(staging: Staging): void {
    this.#idle.push(staging);
    if (this.#idle.length > KEPT) this.#idle.shift()!.gpu.destroy();
  }
}
