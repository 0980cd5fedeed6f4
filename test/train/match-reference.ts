/**
 * A step of flow matching in float64 with the rows, base points and times that the GPU draws for itself. Written out
 * in full rather than sharing anything of src/train.
 */
import { type Dataset, standardisation, standardise } from "../../src/data/index.js";
import type { MlpSpec } from "../../src/field/spec.js";
import { evaluate, reverse } from "../../src/reference/field.js";
import { PURPOSE, randomIndices, randomNormal, randomUniform } from "../../src/tensor/random.js";

export interface MatchReference {
  readonly loss: number;
  /** [P]. */
  readonly gradient: Float64Array;
}

/** @param tile samples that share a time */
export function matchStep(
  spec: MlpSpec,
  theta: Float32Array,
  T: number,
  dataset: Dataset,
  { batch, seed, step, tile = 16 }: { batch: number; seed: number; step: number; tile?: number },
): MatchReference {
  const { dim } = spec;
  const rows = standardise(dataset.points, standardisation(dataset.points, dim));
  const key = (purpose: number) => ({ seed, purpose, step });
  const indices = randomIndices(batch, dataset.rows, key(PURPOSE.matchRows));
  const base = randomNormal(batch * dim, key(PURPOSE.matchBase));
  const tiles = Math.ceil(batch / tile);
  const uniform = randomUniform(tiles, key(PURPOSE.matchTimes));
  const params = Float64Array.from(theta);
  const gradient = new Float64Array(theta.length);
  let loss = 0;
  for (let sample = 0; sample < batch; sample++) {
    const at = Math.floor(sample / tile);
    const s = (at + uniform[at]!) / tiles;
    const data = Array.from({ length: dim }, (_, d) => rows[indices[sample]! * dim + d]!);
    const noise = Array.from({ length: dim }, (_, d) => base[sample * dim + d]!);
    const point = Float64Array.from(data, (x, d) => (1 - s) * x + s * noise[d]!);
    const value = evaluate(spec, params, s * T, point);
    const miss = value.f.map((f, d) => f - (noise[d]! - data[d]!) / T);
    loss += miss.reduce((sum, m) => sum + m * m, 0) / batch;
    const bar = reverse(
      spec,
      params,
      value,
      miss.map((m) => (2 * m) / batch),
    );
    bar.theta.forEach((g, i) => {
      gradient[i]! += g;
    });
  }
  return { loss, gradient };
}
