/** θ between our layout (W as [out, in], time as the first layer's column 0) and that of the formulas ([in, out]). */
import type { MlpField } from "../../../src/index.js";

/** A matrix or vector on the CPU. */
export interface Part {
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

export interface NetParts {
  readonly W: readonly Part[];
  readonly b: readonly Part[];
  /** [out]. */
  readonly time: Part;
}

/** @param params θ [P] of a field whose layer type is concat_first */
export function partsOf(field: MlpField, params: Float32Array): NetParts {
  const W: Part[] = [];
  const b: Part[] = [];
  let time: Part | undefined;
  for (const { name, shape, offset, size } of field.layout) {
    const values = params.slice(offset, offset + size);
    if (!name.endsWith(".W")) {
      b.push({ shape: [size], values });
      continue;
    }
    const [out, columns] = shape as [number, number];
    const skip = W.length === 0 ? 1 : 0;
    const inSize = columns - skip;
    const at = (i: number, o: number) => values[o * columns + skip + i]!;
    W.push({
      shape: [inSize, out],
      values: Float32Array.from({ length: size - skip * out }, (_, j) => at(Math.floor(j / out), j % out)),
    });
    if (skip)
      time = { shape: [out], values: Float32Array.from({ length: out }, (_, o) => values[o * columns]!) };
  }
  return { W, b, time: time! };
}

/** The inverse: [P] from the values of W, b and the time column, in the formulas' order. */
export function paramsOf(
  field: MlpField,
  { W, b, time }: { W: readonly Float32Array[]; b: readonly Float32Array[]; time: Float32Array },
): Float32Array<ArrayBuffer> {
  const params = new Float32Array(field.paramCount);
  let layer = -1;
  for (const { name, shape, offset } of field.layout) {
    if (!name.endsWith(".W")) {
      params.set(b[layer]!, offset);
      continue;
    }
    layer++;
    const [out, columns] = shape as [number, number];
    const skip = layer === 0 ? 1 : 0;
    for (let o = 0; o < out; o++) {
      if (skip) params[offset + o * columns] = time[o]!;
      for (let i = 0; i < columns - skip; i++)
        params[offset + o * columns + skip + i] = W[layer]![i * out + o]!;
    }
  }
  return params;
}

/** The largest error of a part of `actual`, relative to the largest entry of that tensor in `expected`. */
export function largestDisagreement(field: MlpField, actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(
    ...field.layout.map(({ offset, size }) =>
      relativeError(actual.subarray(offset, offset + size), expected.subarray(offset, offset + size)),
    ),
  );
}

/** max |a − b| / max |b|; infinite where a number is not finite. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0;
  let largest = Number.MIN_VALUE;
  for (let i = 0; i < expected.length; i++) {
    const gap = Math.abs(actual[i]! - expected[i]!);
    if (!Number.isFinite(gap)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, gap);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return worst / largest;
}
