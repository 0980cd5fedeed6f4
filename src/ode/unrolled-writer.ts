/** What the writers of the functions of resident weights share (see unrolled.ts): places, and what goes through no product. */
import type { Packing } from "../field/packing.js";
import { type ResidentLayer as Layer, type ResidentPlan, residentPlan } from "./resident-plan.js";

export const COMPONENTS = ["x", "y", "z", "w"] as const;

/** What the text depends on. */
export interface UnrolledShape {
  readonly packing: Packing;
  /** TILE. */
  readonly samples: number;
  /** SLOTS. */
  readonly slots: number;
  readonly gated: boolean;
  readonly swish: boolean;
  /** A sweep follows. */
  readonly keep: boolean;
}

export const times = <T>(count: number, each: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => each(i));

const SWAPS = ["", "quadSwapX", "quadSwapY", "quadSwapDiagonal"] as const;

/** What the lane `lane xor i` has. */
export const swapped = (value: string, i: number): string => (i === 0 ? value : `${SWAPS[i]}(${value})`);

/** The sum over the lanes of the shares of each lane's own column: a share stands in the order of the weights. */
export const gathered = (shares: readonly string[]): string => shares.map(swapped).join(" + ");

export abstract class UnrolledWriter {
  protected readonly plan: ResidentPlan;

  constructor(protected readonly shape: UnrolledShape) {
    this.plan = residentPlan(shape.packing);
  }

  functions() {
    return {
      unrolled_time: `fn unrolled_time(t: f32) {\n${this.#time()}\n}`,
      unrolled_hidden: `fn unrolled_hidden(beta: f32) {\n${this.hidden()}\n}`,
      unrolled_results: `fn unrolled_results(lane: u32) {\n${this.results()}\n}`,
      unrolled_sweep: `fn unrolled_sweep(t: f32, beta: f32, lane: u32) {\n${this.#sweep()}\n}`,
      unrolled_fold: `fn unrolled_fold(t: f32, tau: f32) {\n${this.#fold()}\n}`,
    };
  }

  protected abstract hidden(): string;
  protected abstract results(): string;
  /** The reverse sweep: each leaves the cotangents of the layer below. */
  protected abstract sweepLast(layer: Layer): string;
  protected abstract sweepHidden(layer: Layer): string;
  protected abstract sweepFirst(layer: Layer): string;

  #sweep(): string {
    const { layers } = this.plan;
    const parts = [this.sweepLast(this.lastLayer)];
    for (let l = layers.length - 2; l > 0; l--) parts.push(this.sweepHidden(layers[l]!));
    parts.push(this.sweepFirst(layers[0]!));
    return parts.join("\n");
  }

  /** SPAN. */
  protected get span(): number {
    return this.shape.samples * this.shape.slots * this.plan.own;
  }

  protected get hiddenLayers(): readonly Layer[] {
    return this.plan.layers.slice(0, -1);
  }

  protected get lastLayer(): Layer {
    return this.plan.layers[this.plan.layers.length - 1]!;
  }

  /** Place of an own column among those of all layers. */
  protected column({ index }: Layer, c: number): number {
    return index * this.plan.own + c;
  }

  /** "gain[i] * " where there are gates. */
  protected gained(layer: Layer, c: number): string {
    return this.shape.gated ? `gain[${this.column(layer, c)}] * ` : "";
  }

  #time(): string {
    return this.plan.layers
      .flatMap((layer) =>
        times(layer.own, (c) => {
          const i = this.column(layer, c);
          if (!this.shape.gated) return `offset[${i}] = bias[${i}] + t * drift[${i}];`;
          return `gain[${i}] = sigmoid4(t * gate[${i}] + gate_bias[${i}]);\noffset[${i}] = gain[${i}] * bias[${i}] + t * drift[${i}];`;
        }),
      )
      .join("\n");
  }

  #fold(): string {
    return this.plan.layers
      .flatMap((layer) =>
        times(layer.own, (c) => {
          const i = this.column(layer, c);
          const gated = `let q = (1.0 - gain[${i}]) * total_gate[${i}]; gate_bar[${i}] += t * q; gate_bias_bar[${i}] += q; total_gate[${i}] = vec4<f32>();`;
          const time = `${this.shape.gated ? `gate[${i}] * q + ` : ""}drift[${i}] * sum`;
          return `{ let sum = total[${i}]; total[${i}] = vec4<f32>();
${this.shape.gated ? gated : ""}
let time = ${time};
bias_bar[${i}] += ${this.gained(layer, c)}sum; drift_bar[${i}] += t * sum; tau_bar[${i}] += tau * time; time_bar[${i}] += time; }`;
        }),
      )
      .join("\n");
  }
}
