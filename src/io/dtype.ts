/** Number formats found in weight files, and their conversion to float32. */

/** Bytes per value. */
export const DTYPES = { F64: 8, F32: 4, F16: 2, BF16: 2 } as const;
export type Dtype = keyof typeof DTYPES;

export function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(DTYPES, value);
}

/** The value of a 16-bit IEEE float (1 sign, 5 exponent, 10 fraction bits). */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/**
 * Little-endian values as float32, in fresh memory. F16, BF16 and F32 are exact; F64 is rounded, and becomes
 * infinite beyond 3.4e38. `bytes` holds whole values and need not be aligned.
 */
export function widen(bytes: Uint8Array, dtype: Dtype): Float32Array<ArrayBuffer> {
  const width = DTYPES[dtype];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float32Array(bytes.byteLength / width);
  // BF16 is the upper half of a float32, and F32 is copied as bits too: a NaN keeps its payload.
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < out.length; i++) {
    const at = i * width;
    if (dtype === "F32") words[i] = view.getUint32(at, true);
    else if (dtype === "BF16") words[i] = view.getUint16(at, true) << 16;
    else if (dtype === "F16") out[i] = halfToNumber(view.getUint16(at, true));
    else out[i] = view.getFloat64(at, true);
  }
  return out;
}
