/** Points on their way from noise to data, as tensors where they were computed. */
import { type Device, type render, type Tensor, tensor } from "fjordgpu";
import { FRAMES, HUES, PATHS } from "./protocol.js";

/** Which colour of the wheel each point [n, 2] of noise has: its direction from the middle. */
export function huesOf(noise: Float32Array): Float32Array {
  return Float32Array.from({ length: noise.length / 2 }, (_, i) => {
    const turn = Math.atan2(noise[2 * i + 1]!, noise[2 * i]!) / (2 * Math.PI) + 0.5;
    return Math.floor(turn * HUES) % HUES;
  });
}

/**
 * The ways of the first points up to a frame, [paths, FRAMES, 2]: nodes that are still to come stand at that frame. On
 * the straight line from here to the ways up to the next frame their ends move with the points.
 * @param seen [FRAMES, k, 2]
 */
export function waysTo(seen: Float32Array, frame: number): Float32Array {
  const each = seen.length / FRAMES;
  const paths = Math.min(PATHS, each / 2);
  const ways = new Float32Array(2 * paths * FRAMES);
  for (let i = 0; i < paths; i++) {
    for (let f = 0; f < FRAMES; f++) {
      const at = Math.min(f, frame) * each + 2 * i;
      ways.set(seen.subarray(at, at + 2), 2 * (i * FRAMES + f));
    }
  }
  return ways;
}

export class Particles {
  /** Ways up to frames, made when they are first looked at. */
  readonly #ways = new Map<number, Tensor>();

  /**
   * Takes over the tensors.
   * @param frames [n, 2] each @param hues [n] @param seen [FRAMES, k, 2] the first k points
   */
  constructor(
    readonly device: Device,
    readonly window: readonly [number, number],
    readonly frames: readonly Tensor[],
    readonly hues: Tensor,
    readonly seen: Float32Array,
  ) {}

  get count(): number {
    return this.hues.size;
  }

  /** The points at a time. @param progress from 0 (noise) to 1 (data) */
  at(progress: number): render.Moving {
    const { before, after, share } = placeOf(progress);
    return { from: this.frames[before]!, to: this.frames[after]!, share };
  }

  /** The ways of some of them so far; FRAMES nodes each. */
  waysAt(progress: number): render.Moving {
    const { before, after, share } = placeOf(progress);
    return { from: this.#waysTo(before), to: this.#waysTo(after), share };
  }

  #waysTo(frame: number): Tensor {
    let known = this.#ways.get(frame);
    if (!known) {
      const ways = waysTo(this.seen, frame);
      known = tensor(this.device, ways, [ways.length / 2, 2]);
      this.#ways.set(frame, known);
    }
    return known;
  }

  dispose(): void {
    for (const each of [...this.frames, this.hues, ...this.#ways.values()]) each.dispose();
    this.#ways.clear();
  }
}

/** The frames around a time, and the share of the way between them. */
function placeOf(progress: number) {
  const position = progress * (FRAMES - 1);
  return { before: Math.floor(position), after: Math.ceil(position), share: position % 1 };
}
