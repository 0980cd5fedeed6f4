/**
 * What the flow has computed for the picture, as tensors where they were computed. In the worker; the page has the
 * same in numbers, in its Stage, and painting.ts says how it looks.
 */
import { type Device, type render, type Tensor, tensor } from "fjordgpu";
import { neighbours } from "../shared/stage.js";

export interface Moment {
  readonly index: number;
  /** [n²] log p_t. */
  readonly density: Tensor;
  /** [ARROWS, ARROWS, 2]. */
  readonly field: Tensor;
}

export class Scene {
  readonly #data: Tensor;
  #density: Tensor | undefined;
  #samples: Tensor | undefined;
  /** At all times of the course, evenly spaced from noise to data: particles [n, 2], nodes of the mesh [m, 2]. */
  #way: readonly Tensor[] = [];
  #mesh: readonly Tensor[] = [];
  /** More particles, part by part as they came: each at all times of the course, as `#way`. */
  readonly #crowd: (readonly Tensor[])[] = [];
  /** [lines × times, 2] the ways of the first particles, one after the other. */
  #trails: Tensor | undefined;
  readonly #moments = new Map<number, Moment>();
  #topSpeed = 0;

  /** @param data [n, 2] */
  constructor(
    device: Device,
    readonly window: readonly [number, number],
    data: Float32Array,
  ) {
    this.#data = tensor(device, data, [data.length / 2, 2]);
  }

  /** Takes over the density [n²] of the flow as it is. */
  set density(density: Tensor) {
    this.#density?.dispose();
    this.#density = density;
  }

  /** Takes over samples [n, 2] of the flow as it is. */
  set samples(samples: Tensor) {
    this.#samples?.dispose();
    this.#samples = samples;
  }

  /** Takes over the particles of a course; what there was of another one goes. */
  begin(way: readonly Tensor[]): void {
    this.leave();
    this.#way = way;
  }

  /** Takes over more particles of the course. */
  join(part: readonly Tensor[]): void {
    // What came in after leave() belongs to nothing.
    if (this.#way.length === 0) disposeAll(part);
    else this.#crowd.push(part);
  }

  /** Lets all particles go but those that the course began with. */
  thin(): void {
    for (const part of this.#crowd.splice(0)) disposeAll(part);
  }

  /** Takes over the ways of some particles through the course. */
  set trails(trails: Tensor) {
    this.#trails?.dispose();
    this.#trails = trails;
  }

  /** Takes over the mesh of the course. */
  set mesh(mesh: readonly Tensor[]) {
    disposeAll(this.#mesh);
    this.#mesh = mesh;
  }

  /** Takes over density and field of one time. @param speed the largest of the field */
  add(moment: Moment, speed: number): void {
    const known = this.#moments.get(moment.index);
    disposeAll([known?.density, known?.field]);
    this.#moments.set(moment.index, moment);
    this.#topSpeed = Math.max(this.#topSpeed, speed);
  }

  /** Forgets the course. */
  leave(): void {
    for (const { density, field } of this.#moments.values()) disposeAll([density, field]);
    this.#moments.clear();
    this.thin();
    disposeAll([...this.#way, ...this.#mesh, this.#trails]);
    this.#way = this.#mesh = [];
    this.#trails = undefined;
    this.#topSpeed = 0;
  }

  dispose(): void {
    this.leave();
    disposeAll([this.#data, this.#density, this.#samples]);
    this.#density = this.#samples = undefined;
  }

  /** The largest speed of all fields that are known. */
  get topSpeed(): number {
    return this.#topSpeed;
  }

  get data(): Tensor {
    return this.#data;
  }

  /** In parts. */
  samplesAt(progress: number): render.Moving[] {
    const parts = [this.#way, ...this.#crowd].flatMap((part) => between(part, progress) ?? []);
    const now = this.#samples;
    // At the end there are those of the flow as it is, unless the course has more.
    return progress === 1 && now && now.shape[0]! >= rowsOf(parts) ? [{ from: now }] : parts;
  }

  /** The ways up to this time: from the noise or, turned, from the data. */
  trailsAt(
    progress: number,
    turned: boolean,
  ): Pick<render.LineLayer, "points" | "nodes" | "part"> | undefined {
    if (!this.#trails) return undefined;
    const nodes = this.#way.length;
    const now = progress * (nodes - 1);
    return { points: { from: this.#trails }, nodes, part: turned ? [now, nodes - 1] : [0, now] };
  }

  meshAt(progress: number): render.Moving | undefined {
    return between(this.#mesh, progress);
  }

  /** At the end the picture is the one that has been refined. */
  densityAt(progress: number): render.Moving | undefined {
    if (progress === 1 && this.#density) return { from: this.#density };
    const blend = this.#blendAt(progress);
    return blend && { from: blend.before.density, to: blend.after.density, share: blend.share };
  }

  fieldAt(progress: number): render.Moving | undefined {
    const blend = this.#blendAt(progress);
    return blend && { from: blend.before.field, to: blend.after.field, share: blend.share };
  }

  #blendAt(progress: number) {
    // A moment that came in after leave() stands nowhere.
    if (this.#way.length === 0) return undefined;
    return neighbours(this.#moments.values(), progress * (this.#way.length - 1));
  }
}

export function rowsOf(parts: readonly render.Moving[]): number {
  return parts.reduce((sum, { from }) => sum + from.shape[0]!, 0);
}

/** One of evenly spaced tensors, or the straight line between two. */
function between(frames: readonly Tensor[], progress: number): render.Moving | undefined {
  if (frames.length === 0) return undefined;
  const position = progress * (frames.length - 1);
  return { from: frames[Math.floor(position)]!, to: frames[Math.ceil(position)]!, share: position % 1 };
}

function disposeAll(tensors: readonly (Tensor | undefined)[]): void {
  for (const each of tensors) each?.dispose();
}
