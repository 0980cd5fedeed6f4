/** A journey that leaves what it computes on the device, for the picture; the page gets the numbers. */
import { type Flow, logProbOnDevice, type Tensor, tensor, trajectoryOnDevice } from "fjordgpu";
import { fieldAt } from "../shared/carry.js";
import { cellCentres, meshNodes } from "../shared/grid.js";
import { COURSE_DETAIL, Journey, type SeenMoment } from "../shared/journey.js";
import type { Event } from "./protocol.js";
import { ARROWS, MESH, SAMPLES } from "./protocol-view.js";
import type { Scene } from "./scene.js";

export class SceneJourney extends Journey {
  constructor(
    readonly scene: Scene,
    seed: number,
    isSoftware: boolean,
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
    const mesh = await carry(meshNodes(MESH));
    this.scene.begin(samples);
    this.scene.mesh = mesh;
    return frames;
  }

  protected override async momentAt(flow: Flow, index: number, signal: AbortSignal): Promise<SeenMoment> {
    const { window, size } = this.options;
    const t = this.times[index]!;
    const { velocity } = await fieldAt(flow, cellCentres(ARROWS, window), t);
    const density = await onDevice(flow, cellCentres(size, window), (cells) =>
      logProbOnDevice(flow, cells, { at: t, signal }),
    );
    const logDensity = await density.data();
    const field = tensor(flow.device, velocity, [ARROWS, ARROWS, 2]);
    let speed = 0;
    for (let i = 0; i < velocity.length; i += 2)
      speed = Math.max(speed, Math.hypot(velocity[i]!, velocity[i + 1]!));
    this.scene.add({ index, density, field }, speed);
    return { logDensity, field: velocity };
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
