/**
 * The multilayer perceptron field f(t, z; θ) in float64: value, K tangents beside it (forward mode), and the
 * reverse sweep through value and tangents at once. The oracle of the field kernels.
 *
 * B rows, D columns, K tangents; every batch is row-major [B, width]. Each layer is u = s(t) ⊙ (W x) + c(t)
 * with the gain s and shift c that FFJORD's layer types give it (arXiv:1810.01367, `diffeq_layers/basic.py`).
 */
import { type AffineLayer, affineLayers, type MlpSpec, paramCount, paramLayout } from "../field/spec.js";
import { ArgumentError } from "../gpu/errors.js";
import { ACTIVATION, sigmoid, swishBeta } from "./activation.js";

/** What the reverse sweep needs of one layer. */
interface LayerTape {
  /** x: [B, in]; ẋ: K of them. */
  readonly x: Float64Array;
  readonly dx: readonly Float64Array[];
  /** W x: [B, out], before gain and shift; W ẋ likewise. */
  readonly wx: Float64Array;
  readonly wdx: readonly Float64Array[];
  /** s: [out]. */
  readonly gain: Float64Array;
  /** u: [B, out]; u̇ = s ⊙ W ẋ. */
  readonly u: Float64Array;
  readonly du: readonly Float64Array[];
}

/** One evaluation of a field. */
export interface FieldValue {
  readonly t: number;
  readonly batch: number;
  /** f: [B, D]. */
  readonly f: Float64Array;
  /** J ż for each tangent ż given: K of [B, D]. */
  readonly df: readonly Float64Array[];
  readonly tape: readonly LayerTape[];
}

/** Cotangents of everything the field depends on. */
export interface FieldCotangents {
  /** θ̄: [P], in the layout of `paramLayout`, summed over the batch. */
  readonly theta: Float64Array;
  /** z̄: [B, D]. */
  readonly z: Float64Array;
  /** t̄, summed over the batch. */
  readonly t: number;
}

/** Where the tensors of one layer begin in θ; undefined where the layer type has none. */
interface Offsets {
  W: number;
  b: number;
  Wg?: number;
  bg?: number;
  Wb?: number;
}

function offsetsOf(spec: MlpSpec): { layers: Offsets[]; beta: number | undefined } {
  const at = new Map(paramLayout(spec).map((tensor) => [tensor.name, tensor.offset]));
  const layers = affineLayers(spec).map(({ index }) => ({
    W: at.get(`layers.${index}.W`)!,
    b: at.get(`layers.${index}.b`)!,
    Wg: at.get(`layers.${index}.Wg`),
    bg: at.get(`layers.${index}.bg`),
    Wb: at.get(`layers.${index}.Wb`),
  }));
  return { layers, beta: at.get("swish_beta") };
}

/** Width of a row of W, and the column at which x starts in it: time, where it is a column, comes first. */
function weightRow(layer: AffineLayer): { stride: number; skip: number } {
  const skip = layer.timeBias === "column" ? 1 : 0;
  return { stride: layer.inSize + skip, skip };
}

/** x Wᵀ: [B, in] → [B, out], without time and bias. */
function product(theta: Float64Array, W: number, layer: AffineLayer, x: Float64Array): Float64Array {
  const { stride, skip } = weightRow(layer);
  const { inSize, outSize } = layer;
  const batch = x.length / inSize;
  const y = new Float64Array(batch * outSize);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outSize; o++) {
      let sum = 0;
      for (let i = 0; i < inSize; i++) sum += theta[W + o * stride + skip + i]! * x[n * inSize + i]!;
      y[n * outSize + o] = sum;
    }
  }
  return y;
}

/** s(t) and c(t) of one layer: [out] each. */
function gainAndShift(theta: Float64Array, at: Offsets, layer: AffineLayer, t: number) {
  const { stride } = weightRow(layer);
  const gain = new Float64Array(layer.outSize).fill(1);
  const shift = new Float64Array(layer.outSize);
  for (let o = 0; o < layer.outSize; o++) {
    if (layer.gated) gain[o] = sigmoid(theta[at.Wg! + o]! * t + theta[at.bg! + o]!);
    shift[o] = gain[o]! * theta[at.b + o]!;
    if (layer.timeBias === "column") shift[o]! += theta[at.W + o * stride]! * t;
    if (layer.timeBias === "vector") shift[o]! += theta[at.Wb! + o]! * t;
  }
  return { gain, shift };
}

/**
 * f(t, z) and J ż for each tangent.
 *
 * @param theta [P] in the layout of `paramLayout(spec)`
 * @param z [B, D]
 * @param tangents K of [B, D]
 * @throws ArgumentError when a length does not fit the spec
 */
export function evaluate(
  spec: MlpSpec,
  theta: Float64Array,
  t: number,
  z: Float64Array,
  tangents: readonly Float64Array[] = [],
): FieldValue {
  if (theta.length !== paramCount(spec)) {
    throw new ArgumentError(
      `θ has ${theta.length} entries.`,
      `This field has ${paramCount(spec)} parameters.`,
    );
  }
  for (const rows of [z, ...tangents]) {
    if (rows.length % spec.dim !== 0 || rows.length !== z.length) {
      throw new ArgumentError(
        `A batch of ${rows.length} numbers is given.`,
        `Give rows of ${spec.dim}, as many tangent rows as states.`,
      );
    }
  }
  const offsets = offsetsOf(spec);
  const beta = offsets.beta === undefined ? 1 : theta[offsets.beta]!;
  const batch = z.length / spec.dim;
  const layers = affineLayers(spec);
  const tape: LayerTape[] = [];
  const sigma = new Float64Array(3);
  let x = z;
  let dx = tangents;
  for (const layer of layers) {
    const at = offsets.layers[layer.index]!;
    const { gain, shift } = gainAndShift(theta, at, layer, t);
    const wx = product(theta, at.W, layer, x);
    const wdx = dx.map((rows) => product(theta, at.W, layer, rows));
    const u = wx.map((v, j) => gain[j % layer.outSize]! * v + shift[j % layer.outSize]!);
    const du = wdx.map((rows) => rows.map((v, j) => gain[j % layer.outSize]! * v));
    tape.push({ x, dx, wx, wdx, gain, u, du });
    if (layer.index === layers.length - 1) {
      x = u.slice();
      dx = du.map((rows) => rows.slice());
    } else {
      const y = new Float64Array(u.length);
      const dy = du.map(() => new Float64Array(u.length));
      for (let j = 0; j < u.length; j++) {
        ACTIVATION[spec.activation](u[j]!, beta, sigma);
        y[j] = sigma[0]!;
        for (let k = 0; k < du.length; k++) dy[k]![j] = sigma[1]! * du[k]![j]!;
      }
      x = y;
      dx = dy;
    }
  }
  if (spec.residual) {
    x = x.map((v, j) => v - z[j]!);
    dx = dx.map((rows, k) => rows.map((v, j) => v - tangents[k]![j]!));
  }
  return { t, batch, f: x, df: dx, tape };
}

/**
 * Reverse sweep: cotangents of θ, z and t of the scalar Σ f̄·f + Σ_k ḟ̄_k·ḟ_k, tangents held constant.
 * It differentiates ḟ = J ż as well, so it needs second derivatives of the activation only, no second tape.
 *
 * @param fBar [B, D]
 * @param dfBar K of [B, D], one for each tangent of `value`
 */
export function reverse(
  spec: MlpSpec,
  theta: Float64Array,
  value: FieldValue,
  fBar: Float64Array,
  dfBar: readonly Float64Array[] = value.df.map((rows) => new Float64Array(rows.length)),
): FieldCotangents {
  const offsets = offsetsOf(spec);
  const beta = offsets.beta === undefined ? 1 : theta[offsets.beta]!;
  const thetaBar = new Float64Array(theta.length);
  const layers = affineLayers(spec);
  const sigma = new Float64Array(3);
  let tBar = 0;
  let yBar = fBar;
  let dyBar = dfBar;
  for (let l = layers.length - 1; l >= 0; l--) {
    const layer = layers[l]!;
    const tape = value.tape[l]!;
    let uBar = yBar;
    let duBar = dyBar;
    if (l < layers.length - 1) {
      uBar = new Float64Array(tape.u.length);
      duBar = dyBar.map(() => new Float64Array(tape.u.length));
      for (let j = 0; j < tape.u.length; j++) {
        const u = tape.u[j]!;
        ACTIVATION[spec.activation](u, beta, sigma);
        let curvature = 0;
        for (let k = 0; k < dyBar.length; k++) {
          duBar[k]![j] = sigma[1]! * dyBar[k]![j]!;
          curvature += tape.du[k]![j]! * dyBar[k]![j]!;
        }
        uBar[j] = sigma[1]! * yBar[j]! + sigma[2]! * curvature;
        if (offsets.beta !== undefined) {
          const d = swishBeta(u, beta);
          thetaBar[offsets.beta]! += d.value * yBar[j]! + d.first * curvature;
        }
      }
    }
    const back = reverseAffine(theta, thetaBar, offsets.layers[l]!, layer, tape, value.t, uBar, duBar);
    tBar += back.t;
    yBar = back.x;
    dyBar = back.dx;
  }
  const z = spec.residual ? yBar.map((v, j) => v - fBar[j]!) : yBar;
  return { theta: thetaBar, z, t: tBar };
}

/** Reverse of u = s ⊙ (W x) + c and u̇ = s ⊙ (W ẋ): adds to θ̄, returns t̄, x̄ [B, in] and K of ẋ̄. */
function reverseAffine(
  theta: Float64Array,
  thetaBar: Float64Array,
  at: Offsets,
  layer: AffineLayer,
  tape: LayerTape,
  t: number,
  uBar: Float64Array,
  duBar: readonly Float64Array[],
): { t: number; x: Float64Array; dx: Float64Array[] } {
  const { inSize, outSize } = layer;
  const { stride, skip } = weightRow(layer);
  const batch = uBar.length / outSize;
  let tBar = 0;
  const back = (rowsBar: Float64Array, rows: Float64Array): Float64Array => {
    const xBar = new Float64Array(batch * inSize);
    for (let n = 0; n < batch; n++) {
      for (let o = 0; o < outSize; o++) {
        const su = tape.gain[o]! * rowsBar[n * outSize + o]!;
        for (let i = 0; i < inSize; i++) {
          xBar[n * inSize + i]! += su * theta[at.W + o * stride + skip + i]!;
          thetaBar[at.W + o * stride + skip + i]! += su * rows[n * inSize + i]!;
        }
      }
    }
    return xBar;
  };
  for (let j = 0; j < uBar.length; j++) {
    const o = j % outSize;
    const bar = uBar[j]!;
    thetaBar[at.b + o]! += tape.gain[o]! * bar;
    if (layer.timeBias !== "none") {
      const w = layer.timeBias === "column" ? at.W + o * stride : at.Wb! + o;
      thetaBar[w]! += t * bar;
      tBar += theta[w]! * bar;
    }
    if (layer.gated) {
      let gainBar = bar * (tape.wx[j]! + theta[at.b + o]!);
      for (let k = 0; k < duBar.length; k++) gainBar += duBar[k]![j]! * tape.wdx[k]![j]!;
      const q = gainBar * tape.gain[o]! * (1 - tape.gain[o]!);
      thetaBar[at.Wg! + o]! += t * q;
      thetaBar[at.bg! + o]! += q;
      tBar += theta[at.Wg! + o]! * q;
    }
  }
  return { t: tBar, x: back(uBar, tape.x), dx: duBar.map((rows, k) => back(rows, tape.dx[k]!)) };
}
