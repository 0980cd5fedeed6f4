/**
 * Who keeps which weights where they stay resident (shaders/common/resident.wgsl). Columns are vec4. An invocation owns columns
 * lane, lane + 4, … of a layer: `own` of them, OWN in the widest layer. Of a hidden layer's weights it keeps, for each of its
 * own input columns i, the four rows of column 4 i + (lane xor 0), then of 4 i + (lane xor 1), and so on: what another lane
 * has comes by a swap within the quad, which is one instruction; a broadcast is twenty.
 */
import type { Packing } from "../field/packing.js";

export interface ResidentLayer {
  readonly index: number;
  /** Columns of the layer's input, and those of them that an invocation owns. */
  readonly inputs: number;
  readonly ownInputs: number;
  /** Own columns of its output. */
  readonly own: number;
  /** Its first own weight. */
  readonly at: number;
}

/** Where an invocation's share of the weights stands, layer after layer. */
export interface ResidentPlan {
  readonly layers: readonly ResidentLayer[];
  /** OWN. */
  readonly own: number;
  /** vec4 of weights an invocation keeps. */
  readonly weights: number;
}

const LANES = 4;
export function residentPlan({ layers }: Packing): ResidentPlan {
  let at = 0;
  const planned = layers.map(({ inPadded, outPadded }, index): ResidentLayer => {
    const inputs = inPadded / 4;
    const ownInputs = Math.ceil(inputs / LANES);
    const own = Math.ceil(outPadded / 4 / LANES);
    const layer = { index, inputs, ownInputs, own, at };
    if (index === 0) at += 4 * own;
    else at += index + 1 < layers.length ? 4 * LANES * ownInputs * own : 4 * ownInputs;
    return layer;
  });
  const own = Math.max(...planned.map((layer) => layer.own));
  return { layers: planned, own, weights: at };
}
