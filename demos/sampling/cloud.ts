/** The noise that all points of a seed come from, and its way to data at a temperature. */
import { type Flow, ops, type Tensor, tensor, trajectoryOnDevice } from "fjordgpu";
import { huesOf, Particles } from "./particles.js";
import { FRAMES, SEEN } from "./protocol.js";

export class Cloud {
  private constructor(
    readonly seed: number,
    /** [rows, 2] drawn from the standard Gaussian. */
    readonly noise: Tensor,
    readonly hues: Float32Array,
  ) {}

  static async create(flow: Flow, rows: number, seed: number): Promise<Cloud> {
    const noise = await ops.randomNormal(flow.device, [rows, 2], { seed });
    return new Cloud(seed, noise, huesOf(await noise.data()));
  }

  get rows(): number {
    return this.hues.length;
  }

  /**
   * The first `count` points at evenly spaced times from noise to data.
   * @throws FjordError `aborted`, `solve-failed`, DeviceLostError
   */
  async carry(
    flow: Flow,
    window: readonly [number, number],
    count: number,
    temperature: number,
    signal: AbortSignal,
  ): Promise<Particles> {
    const T = await flow.T();
    const times = Array.from({ length: FRAMES }, (_, i) => T * (1 - i / (FRAMES - 1)));
    const frames = await this.#trajectory(flow, count, temperature, times, signal);
    const first = await Promise.all(
      frames.map((frame) => ops.slice(frame, [0, 0], [Math.min(count, SEEN), 2])),
    );
    const joined = await ops.concat(first);
    const seen = await joined.data();
    for (const each of [...first, joined]) each.dispose();
    const hues = tensor(flow.device, this.hues.subarray(0, count), [count]);
    return new Particles(flow.device, window, frames, hues, seen);
  }

  /** The first `count` points where they end, [count, 2]. @throws as carry() */
  async samples(flow: Flow, count: number, temperature: number, signal: AbortSignal): Promise<Float32Array> {
    const [end] = await this.#trajectory(flow, count, temperature, [0], signal);
    const points = await end!.data();
    end!.dispose();
    return points;
  }

  async #trajectory(
    flow: Flow,
    count: number,
    temperature: number,
    times: readonly number[],
    signal: AbortSignal,
  ): Promise<Tensor[]> {
    const first = await ops.slice(this.noise, [0, 0], [count, 2]);
    const scaled = await ops.scale(first, temperature);
    first.dispose();
    try {
      return await trajectoryOnDevice(flow, scaled, times, { signal });
    } finally {
      scaled.dispose();
    }
  }

  dispose(): void {
    this.noise.dispose();
  }
}
