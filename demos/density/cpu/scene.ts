/** What the flow has computed for the picture, in numbers: see scene.ts, which has the same as tensors. */
import type { Course, Moment } from "../../shared/course.js";
import { between, type Density, Stage } from "../../shared/stage.js";
import { TRAILS } from "../protocol-view.js";

export class CpuScene {
  readonly #stage = new Stage();
  #topSpeed = 0;
  /** Of the flow as it is. */
  density: Density | undefined;
  /** [n, 2] of the flow as it is. */
  samples: Float32Array | undefined;
  /** Nodes of the mesh [m, 2] at all times of the course. */
  mesh: readonly Float32Array[] = [];

  /** @param data [n, 2] */
  constructor(
    readonly window: readonly [number, number],
    readonly data: Float32Array,
  ) {}

  /** The largest speed of all fields that are known. */
  get topSpeed(): number {
    return this.#topSpeed;
  }

  add(part: Course | Moment): void {
    if (part.type === "course") {
      this.#stage.begin(part);
      this.#topSpeed = 0;
      return;
    }
    this.#stage.add(part);
    for (let i = 0; i < part.field.length; i += 2)
      this.#topSpeed = Math.max(this.#topSpeed, Math.hypot(part.field[i]!, part.field[i + 1]!));
  }

  /** Forgets the course. */
  leave(): void {
    this.#stage.clear();
    this.mesh = [];
  }

  samplesAt(progress: number): Float32Array | undefined {
    return (progress === 1 && this.samples) || this.#stage.samplesAt(progress);
  }

  /** The ways [k, 2] of the first particles up to this time: from the noise or, turned, from the data. */
  trailsAt(progress: number, turned: boolean): Float32Array[] {
    const frames = this.#stage.course?.samples;
    if (!frames) return [];
    const position = progress * (frames.length - 1);
    const now = between(frames, progress);
    const way = turned
      ? [now, ...frames.slice(Math.floor(position) + 1)]
      : [...frames.slice(0, Math.ceil(position)), now];
    return Array.from({ length: TRAILS }, (_, line) =>
      Float32Array.from({ length: 2 * way.length }, (_, i) => way[i >> 1]![2 * line + (i % 2)]!),
    );
  }

  /** Like everything of the course, not there without one. */
  meshAt(progress: number): Float32Array | undefined {
    return this.#stage.course && this.mesh.length > 0 ? between(this.mesh, progress) : undefined;
  }

  /** At the end the picture is the one that has been refined. */
  densityAt(progress: number): Density | undefined {
    return (progress === 1 && this.density) || this.#stage.densityAt(progress);
  }

  fieldAt(progress: number): Float32Array | undefined {
    return this.#stage.fieldAt(progress);
  }
}
