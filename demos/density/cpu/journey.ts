/** A journey that leaves what it computes in the scene as well. */
import { cellCentres, meshNodes } from "../../shared/grid.js";
import { COURSE_DETAIL, Journey, type SeenMoment, type Traveller } from "../../shared/journey.js";
import type { Event } from "../protocol.js";
import { ARROWS, MESH, SAMPLES } from "../protocol-view.js";
import type { CpuFlow } from "./flow.js";
import type { CpuScene } from "./scene.js";

export class CpuJourney extends Journey {
  constructor(
    readonly flow: CpuFlow,
    readonly scene: CpuScene,
    seed: number,
    post: (event: Event) => void,
  ) {
    const { window } = scene;
    super({ window, seed, samples: SAMPLES, ...COURSE_DETAIL.float64 }, (event) => {
      scene.add(event);
      // Copied, not handed over: the scene keeps it.
      post(event);
    });
  }

  protected override async follow(flow: Traveller, signal: AbortSignal): Promise<Float32Array[]> {
    const samples = await super.follow(flow, signal);
    this.scene.mesh = await flow.trajectory(meshNodes(MESH), this.times, { signal });
    return samples;
  }

  protected override async momentAt(
    flow: Traveller,
    index: number,
    signal: AbortSignal,
  ): Promise<SeenMoment> {
    const { velocity } = await this.flow.fieldAt(cellCentres(ARROWS, this.scene.window), this.times[index]!);
    const { logDensity } = await super.momentAt(flow, index, signal);
    return { logDensity, field: velocity };
  }
}
