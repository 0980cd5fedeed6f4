/** The curves of both sides over one axis. */
import type { Columns } from "../shared/chart.js";
import type { SideName } from "./pair.js";
import type { Progress } from "./protocol.js";

export type Axis = "step" | "seconds";

/** More points than a chart has pixels serve nobody: beyond this every second one is dropped. */
const MOST = 1200;

/** What is drawn of a side at one of its steps; null: not known there. */
export interface Point {
  readonly step: number;
  /** That this side has trained, its kernels' compilation, pictures and evaluations not counted. */
  readonly seconds: number;
  /** NLL in nats. */
  readonly loss: number | null;
  readonly heldOut: number | null;
  /** Evaluations of the field in a training step, forwards and backwards. */
  readonly evaluations: number | null;
  /** Milliseconds. */
  readonly stepTime: number | null;
}

/** Before the first turn. */
const BEGINNING: Point = {
  step: 0,
  seconds: 0,
  loss: null,
  heldOut: null,
  evaluations: null,
  stepTime: null,
};

export type Quantity = "loss" | "heldOut" | "evaluations" | "stepTime";

export class Curves {
  readonly #points: Record<SideName, Point[]> = { a: [], b: [] };

  clear(): void {
    this.#points.a = [];
    this.#points.b = [];
  }

  add({ side, step, seconds, loss, nfe, nfeBackward, stepTime }: Progress): void {
    const points = this.#points[side];
    const evaluations = nfe + nfeBackward;
    points.push({ step, seconds, loss: loss ?? null, heldOut: null, evaluations, stepTime });
    // Held-out values are rare, so their points stay.
    if (points.length > MOST) {
      this.#points[side] = points.filter((point, i) => i % 2 === 0 || point.heldOut !== null);
    }
  }

  /** The held-out NLL of a side at the step that was added last, if any was; what is no number is not drawn. */
  judge(side: SideName, heldOut: number): void {
    const points = this.#points[side];
    const last = points.pop() ?? BEGINNING;
    points.push({ ...last, heldOut: Number.isFinite(heldOut) ? heldOut : null });
  }

  of(side: SideName): readonly Point[] {
    return this.#points[side];
  }

  /** One column for each curve, over the union of what they have on the axis, and 0. */
  columns(axis: Axis, curves: readonly (readonly [SideName, Quantity])[]): Columns {
    const places = new Set([0]);
    for (const [side] of curves) for (const point of this.#points[side]) places.add(point[axis]);
    const x = [...places].sort((one, other) => one - other);
    const at = new Map(x.map((place, i) => [place, i]));
    const columns = curves.map(([side, quantity]) => {
      const column: (number | null)[] = x.map(() => null);
      for (const point of this.#points[side]) column[at.get(point[axis])!] = point[quantity];
      return column;
    });
    return [x, ...columns];
  }
}
