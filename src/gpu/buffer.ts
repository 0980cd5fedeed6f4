/** GPU memory with an owner: buffers that are counted, sliced and disposed. */
import { FjordError } from "./errors.js";

/** A range of a buffer, as bindings take it. Offsets are multiples of 256 bytes where it is bound. */
export interface BufferView {
  readonly buffer: Buffer;
  /** Bytes. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

export type Bindable = Buffer | BufferView;

/** One GPUBuffer and the bookkeeping that makes leaks visible. Created by `Device.buffer`. */
export class Buffer implements BufferView {
  readonly buffer: Buffer = this;
  readonly offset = 0;
  #gpu: GPUBuffer | undefined;

  constructor(
    gpu: GPUBuffer,
    readonly size: number,
    readonly label: string,
    private readonly onDispose: (buffer: Buffer) => void,
  ) {
    this.#gpu = gpu;
  }

  /** The raw buffer. Throws `disposed` after dispose(). */
  get gpu(): GPUBuffer {
    if (!this.#gpu) throw new FjordError("disposed", `Buffer "${this.label}" was used after dispose().`);
    return this.#gpu;
  }

  get isDisposed(): boolean {
    return this.#gpu === undefined;
  }

  /** A view of `count` f32/u32 words from word `start`. */
  words(start: number, count: number): BufferView {
    return { buffer: this, offset: start * 4, size: count * 4 };
  }

  /** Frees the memory. Calling it again does nothing. */
  dispose(): void {
    this.#gpu?.destroy();
    this.release();
  }

  /** Lets go of the buffer without freeing it: bind groups that refer to it keep working. */
  release(): void {
    if (!this.#gpu) return;
    this.#gpu = undefined;
    this.onDispose(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Words (f32 or u32) rounded up so that the next section can be bound on its own: 64 words = 256 bytes. */
export function alignWords(words: number): number {
  return Math.ceil(words / 64) * 64;
}

/** Several buffers that live and die together. */
export class BufferGroup {
  readonly #buffers: { dispose(): void }[] = [];

  add<T extends { dispose(): void }>(buffer: T): T {
    this.#buffers.push(buffer);
    return buffer;
  }

  dispose(): void {
    for (const buffer of this.#buffers.splice(0)) buffer.dispose();
  }

  /** Runs `make` with a new group; when it throws, what it had put into the group is disposed. */
  static async filled<T>(make: (group: BufferGroup) => T | Promise<T>): Promise<T> {
    const group = new BufferGroup();
    try {
      return await make(group);
    } catch (error) {
      group.dispose();
      throw error;
    }
  }
}
