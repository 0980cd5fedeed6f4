/**
 * Safetensors files: 8 bytes of header length (u64, little endian), a JSON header naming every tensor's dtype,
 * shape and place, then the data. Format: huggingface/safetensors, README "Format".
 * Reading trusts nothing: every claim of the header is checked before memory is allocated for a tensor, names
 * live in a Map (so "__proto__" is a name like any other), and nothing in a file is ever executed.
 */
import { ArgumentError, FileFormatError } from "../gpu/errors.js";
import { DTYPES, type Dtype, isDtype, widen } from "./dtype.js";
import { repeatedKey } from "./json-keys.js";

export interface FileTensor {
  /** Sizes of the axes, row-major; [] is a scalar. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface TensorFile {
  /** In the order of their data. */
  readonly tensors: Map<string, { shape: number[]; data: Float32Array<ArrayBuffer> }>;
  readonly metadata: Map<string, string>;
}

const METADATA = "__metadata__";
/** The reference reader's bound on the header. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;

const product = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * The bytes of a file with the given tensors, stored as F32 one after another in the order of the map.
 * The header is padded with spaces to a multiple of 8, so that the data is aligned.
 * @param metadata strings kept under "__metadata__"; left out when there are none.
 * @throws ArgumentError for a shape that does not fit its data, a reserved name, or metadata that is no string.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, FileTensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  // The header is put together as text: an object would take a tensor named "__proto__" for its prototype.
  const entries: string[] = [];
  const pairs = Object.entries(metadata);
  for (const [key, value] of pairs) {
    if (typeof value !== "string") throw new ArgumentError(`Metadata "${key}" is not a string.`);
  }
  if (pairs.length > 0) {
    const text = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",");
    entries.push(`"${METADATA}":{${text}}`);
  }
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    if (name === METADATA) throw new ArgumentError(`A tensor cannot be named "${METADATA}".`);
    if (!shape.every(isSize) || product(shape) !== data.length) {
      throw new ArgumentError(
        `Tensor "${name}" has ${data.length} values, but its shape is [${shape.join(", ")}].`,
      );
    }
    const begin = end;
    end += data.byteLength;
    const entry = `{"dtype":"F32","shape":[${shape.join(",")}],"data_offsets":[${begin},${end}]}`;
    entries.push(`${JSON.stringify(name)}:${entry}`);
  }
  const unpadded = new TextEncoder().encode(`{${entries.join(",")}}`);
  const headerBytes = Math.ceil(unpadded.length / 8) * 8;
  const start = LENGTH_BYTES + headerBytes;
  const out = new Uint8Array(start + end).fill(0x20, LENGTH_BYTES, start);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(headerBytes), true);
  out.set(unpadded, LENGTH_BYTES);
  let at = start;
  for (const { data } of tensors.values()) {
    for (const value of data) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  return out;
}

/**
 * Reads a file; F16, BF16 and F32 become float32 exactly, F64 is rounded to it.
 * @throws FileFormatError naming what is wrong: PyTorch's pickle, a file cut short, a header that is too long,
 *   no UTF-8, no JSON, or not an object; names given twice; a dtype that is not read; a shape or offsets that
 *   are no sizes or do not match; tensors that overlap; bytes that belong to none.
 */
export function readSafetensors(bytes: Uint8Array): TensorFile {
  const { header, start } = readHeader(bytes);
  const metadata = new Map<string, string>();
  const places: Place[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === METADATA) readMetadata(entry, metadata);
    else places.push(readPlace(name, entry, bytes.length - start));
  }
  places.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCover(places, bytes.length - start);
  const tensors: TensorFile["tensors"] = new Map();
  for (const { name, dtype, shape, begin, end } of places) {
    tensors.set(name, { shape, data: widen(bytes.subarray(start + begin, start + end), dtype) });
  }
  return { tensors, metadata };
}

/**
 * The data of one tensor of a file, for a reader who knows what must be there.
 * @throws FileFormatError if it is missing, has another shape, or holds a value that is not finite.
 */
export function expectTensor(
  file: TensorFile,
  name: string,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  const found = file.tensors.get(name);
  if (!found) throw new FileFormatError(`The file has no tensor "${name}".`);
  if (found.shape.length !== shape.length || found.shape.some((n, axis) => n !== shape[axis])) {
    throw new FileFormatError(
      `Tensor "${name}" has shape [${found.shape.join(", ")}].`,
      `The shape [${shape.join(", ")}] is needed.`,
    );
  }
  const bad = found.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new FileFormatError(`Tensor "${name}" holds ${found.data[bad]} at index ${bad}.`);
  return found.data;
}

interface Place {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: number[];
  /** Bytes from the start of the data. */
  readonly begin: number;
  readonly end: number;
}

/** Zip ("PK") or pickle protocol 2 and later (0x80), unless the header's brace says that it is safetensors. */
function isPickle(bytes: Uint8Array): boolean {
  if (bytes[LENGTH_BYTES] === 0x7b) return false;
  return (bytes[0] === 0x50 && bytes[1] === 0x4b) || bytes[0] === 0x80;
}

function readHeader(bytes: Uint8Array): { header: object; start: number } {
  if (isPickle(bytes)) {
    throw new FileFormatError(
      "This is a pickled PyTorch file, which can run code when it is opened, so it is not read.",
      "Convert it in Python: safetensors.torch.save_file(state_dict, 'model.safetensors').",
    );
  }
  if (bytes.length < LENGTH_BYTES) {
    throw new FileFormatError(
      `The file is cut short: ${bytes.length} bytes, and the header length alone takes 8.`,
    );
  }
  const claimed = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (claimed > BigInt(MAX_HEADER_BYTES)) {
    throw new FileFormatError(
      `The file claims a header of ${claimed} bytes, above the limit of ${MAX_HEADER_BYTES}.`,
      "It is damaged or not a safetensors file.",
    );
  }
  const start = LENGTH_BYTES + Number(claimed);
  if (start > bytes.length) {
    throw new FileFormatError(
      `The file is cut short: its header ends at byte ${start}, and it has ${bytes.length} bytes.`,
    );
  }
  if (claimed === 0n || bytes[LENGTH_BYTES] !== 0x7b) {
    throw new FileFormatError(`The header does not start with "{", so this is not a safetensors file.`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, start));
  } catch (cause) {
    throw new FileFormatError(`The header is not UTF-8 text (${String(cause)}).`);
  }
  let header: object;
  try {
    // It starts with "{", so what parses is an object.
    header = JSON.parse(text) as object;
  } catch (cause) {
    throw new FileFormatError(`The header is not JSON (${String(cause)}).`);
  }
  // Depth 1 holds the names, depth 2 what is said of each and the metadata.
  const twice = repeatedKey(text, 2);
  if (twice !== undefined) throw new FileFormatError(`The header names ${JSON.stringify(twice)} twice.`);
  return { header, start };
}

function readMetadata(entry: unknown, metadata: Map<string, string>): void {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    throw new FileFormatError(`"${METADATA}" is not an object.`);
  }
  for (const [key, value] of Object.entries(entry)) {
    if (typeof value !== "string") throw new FileFormatError(`"${METADATA}" entry "${key}" is not a string.`);
    metadata.set(key, value);
  }
}

/** One entry of the header, checked against itself and the length of the data. */
function readPlace(name: string, entry: unknown, dataBytes: number): Place {
  const where = `Tensor ${JSON.stringify(name)}`;
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    throw new FileFormatError(`${where} is not described by an object.`);
  }
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  if (!isDtype(dtype)) {
    throw new FileFormatError(
      `${where} has dtype ${JSON.stringify(dtype)}.`,
      `Convert it to one of: ${Object.keys(DTYPES).join(", ")}.`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw new FileFormatError(`${where} has the shape ${JSON.stringify(shape)}, which is no list of sizes.`);
  }
  const size = product(shape);
  if (!Number.isSafeInteger(size)) {
    throw new FileFormatError(`${where} has the shape ${JSON.stringify(shape)}, whose product overflows.`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw new FileFormatError(
      `${where} has the offsets ${JSON.stringify(offsets)}, which are not two integers of at least 0.`,
    );
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw new FileFormatError(`${where} ends at byte ${end}, before its start at ${begin}.`);
  if (end > dataBytes) {
    throw new FileFormatError(
      `The file is cut short: ${where} ends at byte ${end} of the data, and there are ${dataBytes}.`,
    );
  }
  if (end - begin !== size * DTYPES[dtype]) {
    throw new FileFormatError(
      `${where} takes ${end - begin} bytes, but [${shape.join(", ")}] of ${dtype} is ${size * DTYPES[dtype]}.`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** Places in order must cover the data from end to end without overlap, as the reference reader demands. */
function checkCover(places: readonly Place[], dataBytes: number): void {
  let covered = 0;
  for (const { name, begin, end } of places) {
    if (begin < covered) {
      throw new FileFormatError(
        `Tensor ${JSON.stringify(name)} overlaps the one before it, at byte ${begin}.`,
      );
    }
    if (begin > covered)
      throw new FileFormatError(`Bytes ${covered} to ${begin} of the data belong to no tensor.`);
    covered = end;
  }
  if (covered < dataBytes) {
    throw new FileFormatError(`${dataBytes - covered} bytes follow the last tensor and belong to none.`);
  }
}
