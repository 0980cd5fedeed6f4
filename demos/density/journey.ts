/**
 * What the time slider shows, computed in the worker while training is paused: particles at all times at once, then
 * density and field time by time, from coarse to fine. What an interruption left undone is done at the next call.
 */
import type { Flow } from "fjordgpu";
import { fieldAt, scalingOf } from "./carry.js";
import { cellCentres, coarseToFine, meshNodes } from "./grid.js";
import type { Event } from "./protocol.js";
import { ARROWS, MESH, SAMPLES } from "./protocol-view.js";

/** Times at which particles are kept, one density for so many of them, and its cells along a side. */
const DETAIL = {
  software: { times: 33, stride: 4, size: 36 },
  hardware: { times: 65, stride: 1, size: 96 },
};

export class Journey {
  #step = -1;
  #times: readonly number[] = [];
  #left: number[] = [];

  constructor(
    readonly window: readonly [number, number],
    readonly seed: number,
    readonly post: (event: Event, transfer?: Transferable[]) => void,
  ) {}

  /** From T down to 0; empty before the first call of `advance`. */
  get times(): readonly number[] {
    return this.#times;
  }

  /**
   * Computes the next part for the flow as it is after `step`; false: nothing is left.
   * @throws FjordError `aborted`, `solve-failed`, DeviceLostError
   */
  async advance(flow: Flow, step: number, signal: AbortSignal): Promise<boolean> {
    const { times, stride, size } = DETAIL[flow.device.adapter.isSoftware ? "software" : "hardware"];
    if (step !== this.#step) {
      const T = await flow.T();
      this.#times = Array.from({ length: times }, (_, i) => T * (1 - i / (times - 1)));
      await this.#carry(flow, step, stride, signal);
      this.#left = coarseToFine((times - 1) / stride).map((index) => index * stride);
      this.#step = step;
      return true;
    }
    const index = this.#left[0];
    if (index === undefined) return false;
    const t = this.#times[index]!;
    const logDensity = await flow.logProb(cellCentres(size, this.window), { at: t, signal });
    const { velocity } = await fieldAt(flow, cellCentres(ARROWS, this.window), t);
    this.#left.shift();
    this.post({ type: "moment", step, index, size, logDensity, field: velocity }, [
      logDensity.buffer,
      velocity.buffer,
    ]);
    return this.#left.length > 0;
  }

  async #carry(flow: Flow, step: number, stride: number, signal: AbortSignal): Promise<void> {
    // Those that the page shows otherwise, back to where they came from.
    const { z: base } = await flow.transform(await flow.sample(SAMPLES, { seed: this.seed, signal }), {
      signal,
    });
    const nodes = meshNodes(MESH);
    const points = new Float32Array(base.length + nodes.length);
    points.set(base);
    points.set(nodes, base.length);
    const frames = await flow.trajectory(points, this.#times, { signal });
    const samples = frames.map((frame) => frame.slice(0, base.length));
    const mesh = frames.map((frame) => frame.slice(base.length));
    const { mean, std } = scalingOf(flow);
    const buffers = [...samples, ...mesh].map(({ buffer }) => buffer);
    this.post({ type: "course", step, times: this.#times, stride, mean, std, samples, mesh }, buffers);
  }
}
