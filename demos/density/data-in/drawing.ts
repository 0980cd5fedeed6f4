/** Points put down by brush and taken away by eraser, with every stroke undone or done again. */

/** Beyond this many a drawing has more points than its picture can show. */
export const MOST_POINTS = 20_000;

/** Strokes that can be undone. */
const MEMORY = 100;

export interface Dab {
  readonly x: number;
  readonly y: number;
  /** Of the round tip, in the coordinates of the drawing. */
  readonly radius: number;
}

export class Drawing {
  #points: Float32Array<ArrayBuffer> = new Float32Array();
  #past: Float32Array<ArrayBuffer>[] = [];
  #future: Float32Array<ArrayBuffer>[] = [];

  /**
   * @param window [low, high] of both axes: nothing is put outside
   * @param random uniform in [0, 1)
   */
  constructor(
    readonly window: readonly [number, number],
    readonly random: () => number = Math.random,
  ) {}

  /** [n, 2], oldest first; never changed in place. */
  get points(): Float32Array<ArrayBuffer> {
    return this.#points;
  }

  get count(): number {
    return this.#points.length / 2;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** Begins a stroke: everything until the next one is undone together. */
  beginStroke(): void {
    this.#past.push(this.#points);
    if (this.#past.length > MEMORY) this.#past.shift();
    this.#future = [];
  }

  /** Puts about `amount` points under the tip, evenly over its disc. */
  brush({ x, y, radius }: Dab, amount: number): void {
    // The fraction is a chance, so that a slow light stroke still leaves points.
    const whole = Math.floor(amount + this.random());
    const [low, high] = this.window;
    const added: number[] = [];
    for (let i = 0; i < Math.min(whole, MOST_POINTS - this.count); i++) {
      const distance = radius * Math.sqrt(this.random());
      const angle = 2 * Math.PI * this.random();
      const point = [x + distance * Math.cos(angle), y + distance * Math.sin(angle)] as const;
      if (point.every((value) => value >= low && value <= high)) added.push(...point);
    }
    const next = new Float32Array(this.#points.length + added.length);
    next.set(this.#points);
    next.set(added, this.#points.length);
    this.#points = next;
  }

  /** Takes away every point under the tip. */
  erase({ x, y, radius }: Dab): void {
    const kept: number[] = [];
    for (let i = 0; i < this.#points.length; i += 2) {
      const [px, py] = [this.#points[i]!, this.#points[i + 1]!];
      if (Math.hypot(px - x, py - y) > radius) kept.push(px, py);
    }
    this.#points = Float32Array.from(kept);
  }

  /** Takes everything away, as a stroke of its own. */
  clear(): void {
    this.beginStroke();
    this.#points = new Float32Array();
  }

  undo(): void {
    const before = this.#past.pop();
    if (!before) return;
    this.#future.push(this.#points);
    this.#points = before;
  }

  redo(): void {
    const after = this.#future.pop();
    if (!after) return;
    this.#past.push(this.#points);
    this.#points = after;
  }
}

/** The dabs of a line from one place to another: no farther apart than a third of the tip, the first place left out. */
export function dabsBetween(
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  radius: number,
): Dab[] {
  const count = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / (radius / 3)));
  return Array.from({ length: count }, (_, i) => {
    const share = (i + 1) / count;
    return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y), radius };
  });
}

/** How much ink a pressure gives: a mouse, and what reports none, as much as a pen pressed halfway. */
export function inkOf(pressure: number): number {
  return pressure > 0 ? 2 * pressure : 1;
}
