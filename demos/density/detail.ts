/** How much is computed for the picture on each kind of adapter: what is emulated takes a hundred times as long. */
import { SAMPLES } from "./protocol-view.js";

export interface Detail {
  /** Cells along a side of the density: while training, and as refinements when paused. */
  readonly grids: readonly [number, ...number[]];
  /** Milliseconds between two pictures while training, where nothing else is asked for. */
  readonly every: number;
  /** Training steps between two reports, where nothing smaller is asked for. */
  readonly report: number;
  /** Samples that are drawn at once, also while training; more come in parts, at a pause. */
  readonly samples: number;
  /** Milliseconds that a part of a longer computation should not take longer than, and rows of the first one. */
  readonly part: { readonly milliseconds: number; readonly first: number };
}

export const DETAIL: Record<"software" | "hardware", Detail> = {
  software: {
    grids: [48, 128],
    every: 1000,
    report: 5,
    samples: SAMPLES,
    part: { milliseconds: 50, first: 256 },
  },
  hardware: {
    grids: [64, 96, 192, 384],
    every: 250,
    report: 20,
    samples: 10_000,
    part: { milliseconds: 16, first: 4096 },
  },
};
