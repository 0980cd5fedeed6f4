import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError, FileFormatError } from "../../src/gpu/errors.js";
import { readNpy, writeNpy } from "../../src/io/npy.js";

/** A version 1.0 file with the given header text and bytes of data. */
function file(header: string, dataBytes: number): Uint8Array {
  const out = new Uint8Array(10 + header.length + dataBytes);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  out.set(new TextEncoder().encode(header), 10);
  return out;
}

const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });
const volume = (shape: readonly number[]) => shape.reduce((size, n) => size * n, 1);

describe("npy", () => {
  test("any float32 and float64 array comes back with its shape", () => {
    fc.assert(
      fc.property(shapes, fc.infiniteStream(fc.double()), fc.boolean(), (shape, stream, single) => {
        const values = [...stream.take(volume(shape))];
        const data = single ? Float32Array.from(values) : Float64Array.from(values);
        expect(readNpy(writeNpy(shape, data))).toEqual({ shape, data });
      }),
    );
  });

  test("the header is what numpy.save writes", () => {
    const bytes = writeNpy([3], Float32Array.of(1, 2, 3));
    // Taken from numpy.save(f, numpy.array([1, 2, 3], "<f4")) of NumPy 2.
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
    expect([...bytes.subarray(0, 10)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    expect(new TextDecoder().decode(bytes.subarray(10, 128))).toBe(`${header.padEnd(117)}\n`);
    expect(bytes).toHaveLength(128 + 12);
    expect([...bytes.subarray(128, 132)]).toEqual([0, 0, 0x80, 0x3f]);
  });

  test("cut short at every length, or with a byte too many", () => {
    const bytes = writeNpy([2, 2], Float64Array.of(1, 2, 3, 4));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readNpy(bytes.subarray(0, length))).toThrow(FileFormatError);
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(() => readNpy(longer)).toThrow(/33 bytes of data; \[2, 2\] needs 32/);
  });

  test.each([
    ["{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4, /dtype ">f4".*astype/],
    ["{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 4, /dtype "\|O"/],
    ["{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", 4, /Fortran/],
    ["{'descr': '<f4', 'fortran_order': False, }", 4, /not understood/],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (1 1,), }", 4, /not a list of sizes/],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4, /not understood/],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1, }", 4, /more than three entries/],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (9007199254740991, 9), }", 4, /needs/],
  ])("%s is refused", (header, dataBytes, message) => {
    expect(() => readNpy(file(header, dataBytes))).toThrow(message);
    expect(() => readNpy(file(header, dataBytes))).toThrow(FileFormatError);
  });

  test("another version is refused, entries in another order are not", () => {
    const later = writeNpy([1], Float32Array.of(1));
    later[6] = 2;
    expect(() => readNpy(later)).toThrow(/version 2\.0/);
    expect(readNpy(file("{'shape': (), 'descr': '<f4', 'fortran_order': False}", 4)).shape).toEqual([]);
  });

  test("random and damaged bytes throw nothing but a FileFormatError", () => {
    const good = writeNpy([2], Float32Array.of(1, 2));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.uint8Array({ maxLength: 12 }), (at, bytes) => {
        const damaged = good.slice();
        damaged.set(bytes.subarray(0, good.length - at), at);
        for (const candidate of [bytes, damaged]) {
          try {
            readNpy(candidate);
          } catch (error) {
            expect(error).toBeInstanceOf(FileFormatError);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("a shape that does not fit is refused on writing", () => {
    for (const shape of [[3], [-1, -2], [0.5, 4]]) {
      expect(() => writeNpy(shape, Float32Array.of(1, 2))).toThrow(ArgumentError);
    }
    expect(() => writeNpy(new Array<number>(30_000).fill(1), Float32Array.of(1))).toThrow(/axes/);
  });
});
