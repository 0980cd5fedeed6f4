/** What the flow has computed for the picture, in numbers: see scene.ts, which has the same as tensors. */
import type { Course, Moment } from "../../shared/course.js";
import { between, type Density, Stage } from "../../shared/stage.js";

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
