/** Holds samples of a flow beside data that it was not trained on. */
import { data } from "fjordgpu";
import { inSlices } from "../shared/slices.js";
import { byChance, chanceRange, distances, SIZES, spreads } from "./energy.js";
import type { Measured } from "./protocol.js";

/** Samples that a judgement takes. */
export const MOST = SIZES.at(-1)!;
/** Of other true points than those held out. */
const OTHER_SEED = 1;

interface Truth {
  readonly name: string;
  /** [MOST, 2] held out, from the flow's training too. */
  readonly points: Float32Array;
  readonly spreads: readonly (readonly number[])[];
  readonly range: Measured["range"];
}

export class Judge {
  #truth: Truth | undefined;

  /**
   * @param samples [n, 2] of the flow that has learned the toy set of this name
   * @returns undefined when it was aborted
   */
  async judge(
    name: string,
    samples: Float32Array,
    signal: AbortSignal,
  ): Promise<Omit<Measured, "type" | "id"> | undefined> {
    const truth = await this.#truthOf(name, signal);
    if (!truth) return undefined;
    const sizes = SIZES.filter((n) => 2 * n <= samples.length);
    const flow = await inSlices(distances(samples, truth.points, truth.spreads, sizes), signal);
    const spread = truth.spreads.at(-1)![0]!;
    return flow && { sizes, flow, data: sizes.map((n) => byChance(spread, MOST, n)), range: truth.range };
  }

  async #truthOf(name: string, signal: AbortSignal): Promise<Truth | undefined> {
    if (this.#truth?.name === name) return this.#truth;
    const points = data.toyDataset(name, { heldOut: MOST }).heldOut;
    const found = await inSlices(spreads(points, SIZES), signal);
    if (!found) return undefined;
    const others = data.toy(name).sample(MOST, OTHER_SEED);
    const range = await inSlices(chanceRange(others, points, found.at(-1)![0]!), signal);
    if (!range) return undefined;
    this.#truth = { name, points, spreads: found, range };
    return this.#truth;
  }
}
