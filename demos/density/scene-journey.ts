/** A journey that leaves what it computes on the device, for the picture; the page gets the numbers. */
import { type Flow, type Tensor, tensor, trajectoryOnDevice } from "fjordgpu";
import { fieldAt } from "../shared/carry.js";
import { cellCentres, meshNodes } from "../shared/grid.js";
import { COURSE_DETAIL, Journey, type SeenMoment } from "../shared/journey.js";
import type { Bands } from "./bands.js";
import type { PartedDensity } from "./parted-density.js";
import type { Event } from "./protocol.js";
import { ARROWS, MESH, SAMPLES, TRAILS } from "./protocol-view.js";
import type { Scene } from "./scene.js";

export class SceneJourney extends Journey {
  /** The noise of all samples that are wanted, and how many of them are on their way. */
  #noise: Float32Array = new Float32Array();
  #joined = 0;

  constructor(
    readonly scene: Scene,
    seed: number,
    isSoftware: boolean,
    readonly parted: PartedDensity,
    post: (event: Event, transfer?: Transferable[]) => void,
  ) {
    const detail = COURSE_DETAIL[isSoftware ? "software" : "hardware"];
    super({ window: scene.window, seed, samples: SAMPLES, ...detail }, post);
  }

  protected override async follow(flow: Flow, signal: AbortSignal): Promise<Float32Array[]> {
    const carry = (points: Float32Array) =>
      onDevice(flow, points, (z) => trajectoryOnDevice(flow, z, this.times, { signal }));
    // The noise of the samples that the page shows otherwise.
    const samples = await carry(flow.baseOf(SAMPLES, this.options.seed));
    // Read while they are ours: what the scene has, it may let go of at any time.
    const frames = await Promise.all(samples.map((frame) => frame.data()));
    const mesh = await carry(meshNodes(MESH)).catch((error: unknown) => {
      for (const frame of samples) frame.dispose();
      throw error;
    });
    if (signal.aborted) {
      for (const tensor of [...samples, ...mesh]) tensor.dispose();
      return frames;
    }
    this.scene.begin(samples);
    this.scene.mesh = mesh;
    const nodes = frames.length;
    this.scene.trails = tensor(flow.device, trailsOf(frames, TRAILS), [TRAILS * nodes, 2]);
    this.#joined = 0;
    return frames;
  }

  /**
   * The next of `count` samples beyond those that every course has, at all its times; after `advance` has nothing left.
   * Where another number is wanted than before, it begins with letting the others go.
   * @returns how many there are now; undefined: nothing was left to do
   * @throws as advance()
   */
  async join(flow: Flow, count: number, bands: Bands, signal: AbortSignal): Promise<number | undefined> {
    if (this.#noise.length !== 2 * count) {
      this.#noise = flow.baseOf(count, this.options.seed);
      this.#joined = 0;
    }
    if (this.#joined === 0) {
      this.scene.thin();
      this.#joined = SAMPLES;
      return SAMPLES;
    }
    if (this.#joined >= count) return undefined;
    const rows = Math.min(bands.rows, count - this.#joined);
    const noise = this.#noise.subarray(2 * this.#joined, 2 * (this.#joined + rows));
    const start = performance.now();
    const part = await onDevice(flow, noise, (z) => trajectoryOnDevice(flow, z, this.times, { signal }));
    bands.took(rows, performance.now() - start);
    this.scene.join(part);
    this.#joined += rows;
    return this.#joined;
  }

  protected override async momentAt(flow: Flow, index: number, signal: AbortSignal): Promise<SeenMoment> {
    const { window, size } = this.options;
    const t = this.times[index]!;
    const { velocity } = await fieldAt(flow, cellCentres(ARROWS, window), t);
    const density = await this.parted.of(flow, cellCentres(size, window), t, signal);
    const logDensity = await density.data();
    if (signal.aborted) {
      density.dispose();
      return { logDensity, field: velocity };
    }
    const field = tensor(flow.device, velocity, [ARROWS, ARROWS, 2]);
    let speed = 0;
    for (let i = 0; i < velocity.length; i += 2)
      speed = Math.max(speed, Math.hypot(velocity[i]!, velocity[i + 1]!));
    this.scene.add({ index, density, field }, speed);
    return { logDensity, field: velocity };
  }
}

/** The ways of the first `count` particles through the frames [n, 2], one after the other: [count × frames, 2]. */
export function trailsOf(frames: readonly Float32Array[], count: number): Float32Array {
  const trails = new Float32Array(2 * count * frames.length);
  for (let line = 0; line < count; line++) {
    frames.forEach((frame, node) => {
      trails.set(frame.subarray(2 * line, 2 * line + 2), 2 * (line * frames.length + node));
    });
  }
  return trails;
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
