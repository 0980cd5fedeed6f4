/**
 * Two trainings in the worker, turn and turn about: both take the same steps, one after the other, and each has the
 * device to itself while its clock runs. Everything on the GPU happens in `run`; the other methods leave notes for it.
 */
import type { Device } from "fjordgpu";
import type { Layers } from "../density/protocol.js";
import { datasetOf } from "../density/run.js";
import { Rest, unlessPutOff } from "../shared/rest.js";
import { type Pair, SIDES } from "./pair.js";
import type { Event } from "./protocol.js";
import { Side } from "./side.js";

/** Of a software adapter and of others. A turn divides the steps of a warm start; see link.ts. */
const TURN = [5, 20] as const;
const JUDGE_EVERY = [50, 100] as const;
const MOST_HELD_OUT = [1_000, 10_000] as const;
/** Cells along a side of a picture: while training, and when paused. */
const GRIDS = [
  { coarse: 48, fine: 96 },
  { coarse: 64, fine: 192 },
] as const satisfies [Grids, Grids];

interface Grids {
  readonly coarse: number;
  readonly fine: number;
}

export class Duel {
  readonly #rest = new Rest(() => this.post({ type: "paused" }));
  #single = false;
  #step = 0;
  #nextDraw = 0;
  #layers: Layers;
  #sides: readonly Side[] = [];

  constructor(
    readonly device: Device,
    readonly pair: Pair,
    layers: Layers,
    readonly post: (event: Event, transfer?: Transferable[]) => void,
  ) {
    this.#layers = layers;
  }

  /** The entry for this device of a table that has one for a software adapter and one for others. */
  #of<T>(table: readonly [T, T]): T {
    return table[this.device.adapter.isSoftware ? 0 : 1];
  }

  set layers(layers: Layers) {
    this.#layers = layers;
    this.#rest.changed();
  }

  start(): void {
    this.#goOn(false);
  }

  /** One step of each, then a pause. */
  single(): void {
    this.#goOn(true);
  }

  #goOn(single: boolean): void {
    this.#single = single;
    // A pause may come before a step.
    for (const side of this.#sides) side.forget();
    this.#rest.start();
  }

  /** Takes effect when both have done the same number of steps. */
  pause(): void {
    this.#rest.pause();
  }

  /** Makes `run` end soon; its GPU memory is then freed. */
  stop(): void {
    this.#rest.end();
  }

  /** Ends after stop(). @throws what the library throws, DeviceLostError among it */
  async run(): Promise<void> {
    const { device, pair, post } = this;
    const { signal } = this.#rest;
    const dataset = datasetOf(pair.a, this.#of(MOST_HELD_OUT));
    const sides: Side[] = [];
    this.#sides = sides;
    try {
      for (const name of SIDES) sides.push(new Side(device, name, pair[name], dataset, signal, post));
      const [a, b] = sides.map(({ parameters }) => parameters);
      post({ type: "ready", parameters: { a: a!, b: b! } });
      await this.#idle();
      if (!signal.aborted) await this.#train();
      if (signal.aborted) return;
      this.#rest.stand();
      post({ type: "finished" });
      await this.#idle();
    } finally {
      // A lost device is reported by what was waiting for it, not by what tidies up after it.
      for (const side of sides) await side.dispose().catch(() => undefined);
    }
  }

  async #train(): Promise<void> {
    const { signal } = this.#rest;
    this.post({ type: "compiling" });
    for (const side of this.#sides) await side.compile();
    // Where the curves begin.
    await unlessPutOff(() => this.#judge());
    this.post({ type: "compiled" });
    const { steps } = this.pair.a;
    while (this.#step < steps && !signal.aborted) {
      const every = this.#single ? 1 : this.#of(TURN);
      const next = Math.min(steps, (Math.floor(this.#step / every) + 1) * every);
      for (const side of this.#sides) {
        const trouble = await side.advance(next, every);
        if (signal.aborted) return;
        if (trouble) return this.#giveUp(side, next, trouble);
      }
      const period = this.#of(JUDGE_EVERY);
      const due = Math.floor(next / period) > Math.floor(this.#step / period);
      this.#step = next;
      if (this.#single) this.#rest.pause();
      if (due || this.#rest.isPaused || next === steps) await unlessPutOff(() => this.#judge());
      if (this.#rest.isPaused && next < steps) await this.#idle();
      else if (performance.now() >= this.#nextDraw && next < steps) await this.#drawWhileTraining();
    }
  }

  async #judge(): Promise<void> {
    for (const side of this.#sides) await side.judge();
  }

  /** Until stop(). Nothing is drawn: the weights may hold anything. */
  async #giveUp(side: Side, step: number, reason: string): Promise<void> {
    this.post({ type: "trouble", side: side.name, step, reason });
    await this.#rest.until(() => false);
  }

  /** At most once a second, and never for more than about a quarter of the time. */
  async #drawWhileTraining(): Promise<void> {
    const start = performance.now();
    await unlessPutOff(() => this.#draw(this.#of<Grids>(GRIDS).coarse, this.#rest.signal));
    const now = performance.now();
    this.#nextDraw = now + Math.max(1000, 3 * (now - start));
  }

  async #draw(size: number, signal: AbortSignal): Promise<void> {
    const { density, samples, visible } = this.#layers;
    if (!visible) return;
    for (const side of this.#sides) {
      if (density) await side.sendDensity(size, signal);
      if (samples) await side.sendSamples(signal);
    }
  }

  /** Until start(), single() or stop(): brings the pictures up to date, refines them, and waits for a change. */
  async #idle(): Promise<void> {
    await this.#rest.whilePaused((signal) => this.#idleWork(signal));
  }

  /** Everything about flows that stand still, the most wanted first. */
  async #idleWork(signal: AbortSignal): Promise<void> {
    const { coarse, fine } = this.#of<Grids>(GRIDS);
    await this.#draw(coarse, signal);
    await this.#judge();
    if (!this.#layers.visible) return;
    let left: readonly Side[] = this.#sides;
    while (left.length > 0 && !signal.aborted) {
      const more: Side[] = [];
      for (const side of left) if (await side.travel(signal)) more.push(side);
      left = more;
    }
    await this.#draw(fine, signal);
  }
}
