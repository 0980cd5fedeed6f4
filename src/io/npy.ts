/**
 * NumPy's .npy files, format version 1.0, little-endian float32 and float64 in C order.
 * Format: NumPy's "NEP 1 — A simple file format for NumPy arrays".
 */
import { ArgumentError, FileFormatError } from "../gpu/errors.js";

export interface NpyArray {
  /** Sizes of the axes, row-major; [] is a scalar. */
  readonly shape: number[];
  readonly data: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Magic, two version bytes, and the header length as u16. */
const PREFIX_BYTES = 10;

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/**
 * The bytes of a file; float32 becomes "<f4", float64 "<f8".
 * @throws ArgumentError if the shape does not fit the data, or has so many axes that version 1.0 cannot say it.
 */
export function writeNpy(
  shape: readonly number[],
  data: Float32Array | Float64Array,
): Uint8Array<ArrayBuffer> {
  if (!shape.every(isSize) || shape.reduce((size, n) => size * n, 1) !== data.length) {
    throw new ArgumentError(`The array has ${data.length} values, but its shape is [${shape.join(", ")}].`);
  }
  const width = data.BYTES_PER_ELEMENT;
  // Python writes a tuple of one with a trailing comma.
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '<f${width}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Spaces and a newline fill up to a multiple of 64, which aligns the data.
  const start = Math.ceil((PREFIX_BYTES + text.length + 1) / 64) * 64;
  if (start - PREFIX_BYTES > 0xffff) throw new ArgumentError(`A shape of ${shape.length} axes is too long.`);
  const out = new Uint8Array(start + data.byteLength);
  const view = new DataView(out.buffer);
  out.set([...MAGIC, 1, 0]);
  view.setUint16(8, start - PREFIX_BYTES, true);
  out.set(new TextEncoder().encode(`${text.padEnd(start - PREFIX_BYTES - 1)}\n`), PREFIX_BYTES);
  for (let i = 0; i < data.length; i++) {
    if (width === 4) view.setFloat32(start + 4 * i, data[i]!, true);
    else view.setFloat64(start + 8 * i, data[i]!, true);
  }
  return out;
}

/**
 * Reads what writeNpy and numpy.save write for float32 and float64 arrays.
 * @throws FileFormatError for another kind or version of file, another dtype or order, a header that is no
 *   dictionary of those three entries, and a length that does not match the shape.
 */
export function readNpy(bytes: Uint8Array): NpyArray {
  if (bytes.length < PREFIX_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new FileFormatError("This is not a .npy file: it does not start with NumPy's magic bytes.");
  }
  if (bytes[6] !== 1 || bytes[7] !== 0) {
    throw new FileFormatError(`The .npy file has format version ${bytes[6]}.${bytes[7]}; only 1.0 is read.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = PREFIX_BYTES + view.getUint16(8, true);
  if (start > bytes.length) {
    throw new FileFormatError(
      `The .npy file is cut short: its header ends at byte ${start} of ${bytes.length}.`,
    );
  }
  // Version 1.0 headers are Latin-1, so any bytes decode; what matters is ASCII.
  const { width, shape } = readHeader(new TextDecoder("latin1").decode(bytes.subarray(PREFIX_BYTES, start)));
  const size = shape.reduce((total, n) => total * n, 1);
  if (!Number.isSafeInteger(size) || size * width !== bytes.length - start) {
    throw new FileFormatError(
      `The .npy file has ${bytes.length - start} bytes of data; [${shape.join(", ")}] needs ${size * width}.`,
    );
  }
  const data = width === 4 ? new Float32Array(size) : new Float64Array(size);
  for (let i = 0; i < size; i++) {
    data[i] = width === 4 ? view.getFloat32(start + 4 * i, true) : view.getFloat64(start + 8 * i, true);
  }
  return { shape, data };
}

/** The three entries of the header's dictionary, in any order, and nothing else. */
function readHeader(text: string): { width: 4 | 8; shape: number[] } {
  let rest = text;
  const take = (pattern: RegExp): string => {
    const match = pattern.exec(rest);
    if (!match)
      throw new FileFormatError(`The .npy header is not understood: ${JSON.stringify(text.trim())}.`);
    rest = rest.slice(0, match.index) + rest.slice(match.index + match[0].length);
    return match[1]!;
  };
  const dtype = take(/'descr': *'([^']*)' *,?/);
  const fortran = take(/'fortran_order': *(True|False) *,?/);
  const tuple = take(/'shape': *\(([0-9, ]*)\) *,?/);
  if (!/^\{ *\}\s*$/.test(rest)) {
    throw new FileFormatError(`The .npy header has more than three entries: ${JSON.stringify(text.trim())}.`);
  }
  if (dtype !== "<f4" && dtype !== "<f8") {
    throw new FileFormatError(
      `The .npy array has dtype ${JSON.stringify(dtype)}.`,
      "Save it as float32: np.save(file, array.astype('<f4')).",
    );
  }
  if (fortran === "True") {
    throw new FileFormatError("The .npy array is in Fortran order.", "Save np.ascontiguousarray(array).");
  }
  const shape = tuple
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(Number);
  if (!shape.every(isSize)) throw new FileFormatError(`The .npy shape (${tuple}) is not a list of sizes.`);
  return { width: dtype === "<f4" ? 4 : 8, shape };
}
