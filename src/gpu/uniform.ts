/** Small constant parameter blocks, packed many to a buffer: a solve has hundreds of them. */
import type { Buffer, BufferView } from "./buffer.js";
import type { Device } from "./device.js";

const PAGE_BYTES = 64 * 1024;
const ALIGNMENT = 256;
/** 4 MiB of parameter blocks: beyond that, a device has seen thousands of shapes and forgets the old ones. */
const MOST_PAGES = 64;

/**
 * Blocks with equal bytes share one place: a solve repeats the same few parameter blocks for every step, and
 * a block is never written again. Pages are freed with the device; those that are forgotten before live on, uncounted,
 * for as long as a bind group refers to them.
 */
export class UniformPages {
  readonly #pages: Buffer[] = [];
  readonly #known = new Map<string, BufferView>();
  #used = PAGE_BYTES;

  constructor(private readonly device: Device) {}

  /** A view holding these bytes, for a uniform binding. */
  view(bytes: Uint8Array): BufferView {
    const key = String.fromCharCode(...bytes);
    const known = this.#known.get(key);
    if (known) return known;
    if (this.#used + bytes.byteLength > PAGE_BYTES) {
      if (this.#pages.length >= MOST_PAGES) this.#forget();
      const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
      this.#pages.push(
        this.device.buffer({ label: `uniforms ${this.#pages.length}`, size: PAGE_BYTES, usage }),
      );
      this.#used = 0;
    }
    const buffer = this.#pages[this.#pages.length - 1]!;
    const view = { buffer, offset: this.#used, size: bytes.byteLength };
    this.device.write(view, bytes);
    this.#used += Math.ceil(bytes.byteLength / ALIGNMENT) * ALIGNMENT;
    this.#known.set(key, view);
    return view;
  }

  #forget(): void {
    for (const page of this.#pages.splice(0)) page.release();
    this.#known.clear();
    this.#used = PAGE_BYTES;
  }

  dispose(): void {
    for (const page of this.#pages) page.gpu.destroy();
    this.#forget();
  }
}
