/**
 * Where the values and cotangents of one batch shape stand, for MlpProgram and MlpReverse, and how many stages of a
 * Runge–Kutta step they hold.
 *
 * An arena holds a section for each layer. Where a weight gradient reads it, a section is [stages][rows][p_l]: the rows of a
 * stage are (slot, sample), S·B of them, then some that stay zero, so that a stage starts on a binding's boundary and its
 * rows come by fours. Rows of all stages are one long run, and one product sums over all of them.
 * B batch, S slots, p_l padded width.
 */
import { alignWords } from "../gpu/buffer.js";
import { type PackedLayer, type Packing, padded } from "./packing.js";

export interface ArenaShape {
  /** B ≥ 1. */
  readonly batch: number;
  /** S: value, tangents and probes. */
  readonly slots: number;
  /** Stages that stand beside each other (default 1). */
  readonly stages?: number;
  /** Pre-activations are stored. */
  readonly store: boolean;
  /** Behind the points and the derivatives stands one more plane. */
  readonly cotangentPlane: boolean;
}

/** Words: where layer l's inputs stand in `acts` (l = number of layers: the outputs) and its u in `pre`. */
export interface ArenaPlan {
  /** Rows of a stage, those that stay zero among them. */
  readonly rows: number;
  readonly acts: readonly number[];
  readonly actsSize: number;
  /** Of one stage, like the outputs. */
  readonly pre: readonly number[];
  readonly preSize: number;
}

/** Words: where layer l's cotangents stand, and (swish) what the rows of one stage add to β's gradient. */
export interface CotangentPlan {
  readonly cots: readonly number[];
  readonly shares: readonly number[];
  readonly size: number;
}

/** Rows of 4 or more words: 16 of them fill whole steps of 256 bytes. */
const ROW_STEP = 16;

/** Rows of a stage in the arenas. */
export const stageRows = (slots: number, batch: number): number =>
  Math.ceil((slots * batch) / ROW_STEP) * ROW_STEP;

/** Hands out sections of `words` words each. */
function sections() {
  let size = 0;
  return {
    take: (words: number) => {
      const at = size;
      size += alignWords(words);
      return at;
    },
    size: () => size,
  };
}

export function arenaPlan({ layers, spec }: Pick<Packing, "layers" | "spec">, shape: ArenaShape): ArenaPlan {
  const { batch, slots, stages = 1 } = shape;
  const ld = padded(spec.dim);
  const rows = stageRows(slots, batch);
  const behind = shape.cotangentPlane ? batch * ld : 0;
  const acts = sections();
  const actsAt = [acts.take(stages * rows * ld + behind)];
  for (const { outPadded } of layers.slice(0, -1)) actsAt.push(acts.take(stages * rows * outPadded));
  // No weight gradient reads the outputs.
  actsAt.push(acts.take(rows * ld + behind));
  const pre = sections();
  const preAt = layers.map(({ outPadded }) => pre.take(shape.store ? slots * batch * outPadded : 0));
  // A binding needs at least one vec4, also where nothing is stored.
  return { rows, acts: actsAt, actsSize: acts.size(), pre: preAt, preSize: Math.max(pre.size(), 4) };
}

export function cotangentPlan(
  { layers, spec }: Pick<Packing, "layers" | "spec">,
  { batch, slots, stages = 1 }: ArenaShape,
): CotangentPlan {
  const rows = stageRows(slots, batch);
  const arena = sections();
  const last = layers.length - 1;
  const cots = layers.map(({ outPadded }) => arena.take(stages * rows * outPadded));
  // The outputs of the last layer have no activation, hence no β.
  const share = ({ outPadded }: PackedLayer, l: number) =>
    spec.activation === "swish" && l < last ? batch * outPadded : 0;
  const shares = layers.map((layer, l) => arena.take(share(layer, l)));
  return { cots, shares, size: arena.size() };
}

/** What the arenas of further stages may take, in bytes. */
const MOST_ADDED = 256 * 2 ** 20;

/**
 * Stages of a step whose weight gradients are summed at once: all of them, or the fewest equal parts that memory allows.
 * @param used stages of a step that have cotangents, ≥ 1
 * @param words lengths of both arenas with that many stages
 * @param most bytes of one binding
 */
export function stagesAtOnce(
  used: number,
  words: (stages: number) => { readonly acts: number; readonly cots: number },
  most: number,
): number {
  const one = words(1);
  for (let parts = 1; parts < used; parts++) {
    const stages = Math.ceil(used / parts);
    const { acts, cots } = words(stages);
    const added = 4 * (acts + cots - one.acts - one.cots);
    if (4 * Math.max(acts, cots) <= most && added <= MOST_ADDED) return stages;
  }
  return 1;
}
