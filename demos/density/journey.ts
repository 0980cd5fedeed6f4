/**
 * What the time slider shows, computed in the worker while training is paused: particles at all times at once, then
 * density and field time by time, from coarse to fine. What an interruption left undone is done at the next call.
 */
import { type Flow, logProbOnDevice, type Tensor, tensor, trajectoryOnDevice } from "fjordgpu";
import { fieldAt, scalingOf } from "./carry.js";
import { cellCentres, coarseToFine, meshNodes } from "./grid.js";
import type { Event } from "./protocol.js";
import { ARROWS, MESH, SAMPLES } from "./protocol-view.js";
import type { Scene } from "./scene.js";

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
    readonly scene: Scene,
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
    const { window } = this.scene;
    const density = await onDevice(flow, cellCentres(size, window), (cells) =>
      logProbOnDevice(flow, cells, { at: t, signal }),
    );
    const { velocity } = await fieldAt(flow, cellCentres(ARROWS, window), t);
    const field = tensor(flow.device, velocity, [ARROWS, ARROWS, 2]);
    let speed = 0;
    for (let i = 0; i < velocity.length; i += 2)
      speed = Math.max(speed, Math.hypot(velocity[i]!, velocity[i + 1]!));
    this.scene.add({ index, density, field }, speed);
    const logDensity = await density.data();
    this.#left.shift();
    this.post({ type: "moment", step, index, size, logDensity }, [logDensity.buffer]);
    return this.#left.length > 0;
  }

  async #carry(flow: Flow, step: number, stride: number, signal: AbortSignal): Promise<void> {
    const carry = (points: Float32Array) =>
      onDevice(flow, points, (z) => trajectoryOnDevice(flow, z, this.#times, { signal }));
    // The noise of the samples that the page shows otherwise.
    const samples = await carry(flow.baseOf(SAMPLES, this.seed));
    this.scene.begin(samples);
    this.scene.mesh = await carry(meshNodes(MESH));
    const frames = await Promise.all(samples.map((frame) => frame.data()));
    const { mean, std } = scalingOf(flow);
    const buffers = frames.map(({ buffer }) => buffer);
    this.post({ type: "course", step, times: this.#times, stride, mean, std, samples: frames }, buffers);
  }
}

/** Runs `work` on points [n, 2] that are on the device meanwhile. */
async function onDevice<R>(
  flow: Flow,
  points: Float32Array,
  work: (points: Tensor) => Promise<R>,
): Promise<R> {
  const there = tensor(flow.device, points, [points.length / 2, 2]);
  try {
    return await work(there);
  } finally {
    there.dispose();
  }
}
