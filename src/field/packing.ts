/**
 * Where everything of an MLP field stands in GPU memory. θ keeps FFJORD's order (paramLayout); the kernels read
 * a packed copy and write gradients in an order of their own. Two index maps connect them, so no kernel knows
 * about layer types.
 *
 * Letters: D state, n_l width of layer l, p_l = n_l rounded up to 4 (rows are read as vec4, the padding is zero),
 * V = Σ p_l over the layers' outputs.
 */
import { type AffineLayer, affineLayers, type MlpSpec, paramCount, paramLayout } from "./spec.js";

/** In pack maps: this place stays zero. */
export const NONE = 0xffffffff;
/** In gradient maps: the sum over the V columns that start here. */
export const COLUMN_SUM = 0x80000000;

export interface PackedLayer extends AffineLayer {
  /** p_(l-1), p_l. */
  readonly inPadded: number;
  readonly outPadded: number;
  /** Weights as [in][out] (forward product) and [out][in] (reverse product), in words of the packed buffer. */
  readonly forwardAt: number;
  readonly reverseAt: number;
  /** Its first column among the vectors. */
  readonly vectorAt: number;
  /** Weight gradient [out][in] in a gradient chunk, in words. */
  readonly gradientAt: number;
}

export interface Packing {
  readonly spec: MlpSpec;
  readonly layers: readonly PackedLayer[];
  /** V. */
  readonly columns: number;
  /** Words of the packed buffer; the vectors b, w, g, k ([4][V]) are its end. */
  readonly packedSize: number;
  readonly vectorsAt: number;
  /** Where swish's β stands in the packed buffer. */
  readonly betaAt: number;
  /** Words of a gradient chunk; its vectors b, w, g, k, β, τ-weighted time, time ([7][V]) are its end. */
  readonly chunkSize: number;
  readonly chunkVectorsAt: number;
  /** P. */
  readonly paramCount: number;
  /** [packedSize]: index into θ, or NONE. */
  readonly packMap: Uint32Array;
  /** [P + 2]: place in a chunk (or COLUMN_SUM + place); the last two are the time sums. */
  readonly gradientMap: Uint32Array;
}

export const padded = (n: number): number => Math.ceil(n / 4) * 4;

/** Rows of the vectors in the packed buffer and in a chunk. */
const VECTOR = { b: 0, Wb: 1, Wg: 2, bg: 3, beta: 4, timeTau: 5, time: 6 } as const;

export function packing(spec: MlpSpec): Packing {
  let packedAt = 0;
  let vectorAt = 0;
  let gradientAt = 0;
  const layers = affineLayers(spec).map((layer): PackedLayer => {
    const inPadded = padded(layer.inSize);
    const outPadded = padded(layer.outSize);
    const area = inPadded * outPadded;
    const place = { forwardAt: packedAt, reverseAt: packedAt + area, vectorAt, gradientAt };
    packedAt += 2 * area;
    vectorAt += outPadded;
    gradientAt += area;
    return { ...layer, inPadded, outPadded, ...place };
  });
  const columns = vectorAt;
  const betaAt = packedAt;
  const vectorsAt = packedAt + 4;
  const shape = {
    spec,
    layers,
    columns,
    betaAt,
    vectorsAt,
    packedSize: vectorsAt + 4 * columns,
    chunkVectorsAt: gradientAt,
    chunkSize: gradientAt + 7 * columns,
    paramCount: paramCount(spec),
  };
  return { ...shape, ...maps(shape) };
}

type Shape = Omit<Packing, "packMap" | "gradientMap">;

function maps(shape: Shape): Pick<Packing, "packMap" | "gradientMap"> {
  const packMap = new Uint32Array(shape.packedSize).fill(NONE);
  const gradientMap = new Uint32Array(shape.paramCount + 2);
  const place = (theta: number, packed: readonly number[], gradient: number) => {
    for (const at of packed) packMap[at] = theta;
    gradientMap[theta] = gradient;
  };
  const vector = (layer: PackedLayer, row: keyof typeof VECTOR, o: number, theta: number) => {
    const column = VECTOR[row] * shape.columns + layer.vectorAt + o;
    place(theta, [shape.vectorsAt + column], shape.chunkVectorsAt + column);
  };
  for (const tensor of paramLayout(shape.spec)) {
    const [, index, name] = /^layers\.(\d+)\.(\w+)$/.exec(tensor.name) ?? [];
    const layer = index === undefined ? undefined : shape.layers[Number(index)]!;
    if (!layer) {
      place(tensor.offset, [shape.betaAt], COLUMN_SUM + shape.chunkVectorsAt + VECTOR.beta * shape.columns);
    } else if (name === "W") {
      placeWeights(layer, tensor.offset, tensor.shape[1]!, place, vector);
    } else {
      for (let o = 0; o < layer.outSize; o++)
        vector(layer, name as keyof typeof VECTOR, o, tensor.offset + o);
    }
  }
  gradientMap[shape.paramCount] = COLUMN_SUM + shape.chunkVectorsAt + VECTOR.timeTau * shape.columns;
  gradientMap[shape.paramCount + 1] = COLUMN_SUM + shape.chunkVectorsAt + VECTOR.time * shape.columns;
  return { packMap, gradientMap };
}

/** W of one layer, whose column 0 is the time bias when it is one wider than the layer's input. */
function placeWeights(
  layer: PackedLayer,
  offset: number,
  rowLength: number,
  place: (theta: number, packed: readonly number[], gradient: number) => void,
  vector: (layer: PackedLayer, row: "Wb", o: number, theta: number) => void,
): void {
  const timeColumns = rowLength - layer.inSize;
  for (let o = 0; o < layer.outSize; o++) {
    if (timeColumns === 1) vector(layer, "Wb", o, offset + o * rowLength);
    for (let i = 0; i < layer.inSize; i++) {
      place(
        offset + o * rowLength + timeColumns + i,
        [layer.forwardAt + i * layer.outPadded + o, layer.reverseAt + o * layer.inPadded + i],
        layer.gradientAt + o * layer.inPadded + i,
      );
    }
  }
}
