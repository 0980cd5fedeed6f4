import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError, FileFormatError } from "../../src/gpu/errors.js";
import {
  expectTensor,
  type FileTensor,
  readSafetensors,
  writeSafetensors,
} from "../../src/io/safetensors.js";

const utf8 = new TextEncoder();

/** A file from header text and data, whatever they say. */
function file(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = typeof header === "string" ? utf8.encode(header) : header;
  const out = new Uint8Array(8 + text.length + data.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  out.set(data, 8 + text.length);
  return out;
}

const entry = (dtype: string, shape: unknown, offsets: unknown) =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

/** Message of the FileFormatError that reading must throw. */
function refusal(bytes: Uint8Array): string {
  try {
    readSafetensors(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(FileFormatError);
    return (error as Error).message;
  }
  throw new Error("the file was read");
}

const tensorArbitrary: fc.Arbitrary<FileTensor> = fc
  .array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
  .chain((shape) => {
    const length = shape.reduce((size, n) => size * n, 1);
    return fc
      .float32Array({ minLength: length, maxLength: length })
      .map((data) => ({ shape, data: Float32Array.from(data) }));
  });
const nameArbitrary = fc.oneof(
  fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__"),
  fc.constantFrom("__proto__", "constructor", "toString", "", "0", "layers.0.W"),
);

describe("round trips", () => {
  test("any tensors and metadata come back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(nameArbitrary, tensorArbitrary), { maxLength: 6 }),
        fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })),
        (pairs, metadata) => {
          const tensors = new Map(pairs);
          const bytes = writeSafetensors(tensors, metadata);
          const back = readSafetensors(bytes);
          expect(new Set(back.tensors.keys())).toEqual(new Set(tensors.keys()));
          for (const [name, tensor] of tensors) {
            expect(back.tensors.get(name)!.shape).toEqual(tensor.shape);
            expect(back.tensors.get(name)!.data).toEqual(tensor.data);
          }
          expect([...back.metadata]).toEqual(Object.entries(metadata));
        },
      ),
    );
  });

  test("the bytes are those of the format: length, header padded to 8, little-endian data", () => {
    const bytes = writeSafetensors(new Map([["a", { shape: [2], data: Float32Array.of(1, -2) }]]), {
      k: "v",
    });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(length % 8).toBe(0);
    expect(header.trimEnd()).toBe(
      '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    );
    expect(header.slice(header.trimEnd().length)).toMatch(/^ *$/);
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
  });

  test("a view into a larger buffer is read at its own offset, and the result is a copy", () => {
    const bytes = writeSafetensors(new Map([["a", { shape: [], data: Float32Array.of(5) }]]), {});
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const { tensors } = readSafetensors(shifted.subarray(3));
    shifted.fill(0);
    expect(tensors.get("a")).toEqual({ shape: [], data: Float32Array.of(5) });
  });

  test("F16, BF16 and F64 are widened", () => {
    const data = new Uint8Array(24);
    const view = new DataView(data.buffer);
    // 1.5, −2, the smallest subnormal, −∞; the values of these bits are in IEEE 754.
    [0x3e00, 0xc000, 0x0001, 0xfc00].forEach((bits, i) => {
      view.setUint16(2 * i, bits, true);
    });
    [0x3fc0, 0xc000, 0x0001, 0x7f80].forEach((bits, i) => {
      view.setUint16(8 + 2 * i, bits, true);
    });
    view.setFloat64(16, 0.1, true);
    const header = `{"h":${entry("F16", [4], [0, 8])},"b":${entry("BF16", [2, 2], [8, 16])},"d":${entry("F64", [], [16, 24])}}`;
    const { tensors } = readSafetensors(file(header, data));
    expect([...tensors.keys()]).toEqual(["h", "b", "d"]);
    expect([...tensors.get("h")!.data]).toEqual([1.5, -2, 2 ** -24, Number.NEGATIVE_INFINITY]);
    expect([...tensors.get("b")!.data]).toEqual([1.5, -2, 2 ** -133, Number.POSITIVE_INFINITY]);
    expect([...tensors.get("d")!.data]).toEqual([Math.fround(0.1)]);
  });
});

describe("refusals", () => {
  const good = writeSafetensors(
    new Map([
      ["a", { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
      ["b", { shape: [1], data: Float32Array.of(5) }],
    ]),
    { version: "1" },
  );

  test("cut short at every length", () => {
    for (let length = 0; length < good.length; length++) {
      expect(refusal(good.subarray(0, length))).toMatch(/cut short/);
    }
  });

  const huge = new Uint8Array(16).fill(0x7b);
  new DataView(huge.buffer).setBigUint64(0, 2n ** 63n, true);
  const long = new Uint8Array(16).fill(0x7b);
  new DataView(long.buffer).setBigUint64(0, 100_000_001n, true);
  const four = new Uint8Array(4);
  const eight = new Uint8Array(8);

  test.each<[string, Uint8Array, RegExp]>([
    ["header length 2^63", huge, /9223372036854775808 bytes, above the limit/],
    ["header above 100 MB", long, /100000001 bytes, above the limit/],
    ["no header", file(""), /does not start with "\{"/],
    ["a list", file("[]"), /does not start with "\{"/],
    ["blanks first", file(" {}"), /does not start with "\{"/],
    ["not UTF-8", file(Uint8Array.of(0x7b, 0xff, 0x7d)), /not UTF-8/],
    ["not JSON", file('{"a":}'), /not JSON/],
    [
      "a name twice",
      file(`{"a":${entry("F32", [], [0, 4])},"a":${entry("F32", [], [0, 4])}}`, four),
      /"a" twice/,
    ],
    [
      "a name twice, escaped",
      file(`{"a":${entry("F32", [], [0, 4])}, "\\u0061" :${entry("F32", [], [0, 4])}}`, four),
      /"a" twice/,
    ],
    ["an attribute twice", file('{"a":{"dtype":"F32","dtype":"F16"}}'), /"dtype" twice/],
    ["a number for a tensor", file('{"a":1}'), /not described by an object/],
    ["metadata that is a list", file('{"__metadata__":[]}'), /not an object/],
    ["metadata that is a number", file('{"__metadata__":{"k":1}}'), /"k" is not a string/],
    ["unknown dtype", file(`{"a":${entry("I64", [], [0, 8])}}`, eight), /dtype "I64".*F32/],
    ["inherited name as dtype", file(`{"a":${entry("toString", [], [0, 8])}}`, eight), /dtype "toString"/],
    ["no dtype", file('{"a":{"shape":[],"data_offsets":[0,4]}}', four), /dtype undefined/],
    ["shape no list", file(`{"a":${entry("F32", 1, [0, 4])}}`, four), /no list of sizes/],
    ["negative size", file(`{"a":${entry("F32", [-1], [0, 4])}}`, four), /no list of sizes/],
    ["fractional size", file(`{"a":${entry("F32", [0.5], [0, 4])}}`, four), /no list of sizes/],
    ["overflowed product", file(`{"a":${entry("F32", [2 ** 40, 2 ** 40], [0, 4])}}`, four), /overflows/],
    ["shape larger than the bytes", file(`{"a":${entry("F32", [2 ** 40], [0, 4])}}`, four), /takes 4 bytes/],
    ["one offset", file(`{"a":${entry("F32", [], [0])}}`, four), /two integers/],
    ["negative offset", file(`{"a":${entry("F32", [], [-4, 0])}}`, four), /two integers/],
    ["fractional offset", file(`{"a":${entry("F32", [], [0.5, 4.5])}}`, eight), /two integers/],
    ["offsets reversed", file(`{"a":${entry("F32", [], [4, 0])}}`, four), /before its start/],
    ["data cut short", file(`{"a":${entry("F32", [2], [0, 8])}}`, four), /cut short/],
    [
      "overlap",
      file(`{"a":${entry("F32", [2], [0, 8])},"b":${entry("F32", [1], [4, 8])}}`, eight),
      /"b" overlaps/,
    ],
    ["gap at the start", file(`{"a":${entry("F32", [1], [4, 8])}}`, eight), /Bytes 0 to 4 .* no tensor/],
    ["trailing bytes", file(`{"a":${entry("F32", [1], [0, 4])}}`, eight), /4 bytes follow/],
    ["zip, as torch.save writes it", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 8, 8, 0, 0), /pickled.*save_file/],
    ["pickle", Uint8Array.of(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9), /pickled.*save_file/],
  ])("%s", (_, bytes, message) => {
    expect(refusal(bytes)).toMatch(message);
  });

  test("a header whose length looks like a pickle's first byte is still read", () => {
    const bytes = file("{}".padEnd(0x80));
    expect(bytes[0]).toBe(0x80);
    expect(readSafetensors(bytes).tensors.size).toBe(0);
  });

  test("a tensor named __proto__ is an ordinary one and no prototype changes", () => {
    const header = `{"__proto__":${entry("F32", [1], [0, 4])},"__metadata__":{"__proto__":"x"}}`;
    const { tensors, metadata } = readSafetensors(file(header, four));
    expect([...tensors.keys()]).toEqual(["__proto__"]);
    expect([...metadata]).toEqual([["__proto__", "x"]]);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  test("deep nesting and long strings are refused or read, never a crash", () => {
    expect(refusal(file(`{"a":${"[".repeat(1e5)}${"]".repeat(1e5)}}`))).toMatch(/not described/);
    const metadata = readSafetensors(file(`{"__metadata__":{"k":"${"x\\n".repeat(1e6)}"}}`)).metadata;
    expect(metadata.get("k")).toHaveLength(2e6);
  });

  /** Reads; anything but success or a FileFormatError fails the test. */
  const harmless = (bytes: Uint8Array) => {
    try {
      readSafetensors(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(FileFormatError);
    }
  };

  test("random bytes, random headers and damaged files never fail in another way", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), harmless));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => harmless(file(bytes))));
    const anyEntry = fc.record(
      { dtype: fc.constantFrom("F32", "F16", "Q"), shape: fc.jsonValue(), data_offsets: fc.jsonValue() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(anyEntry, fc.jsonValue())), (header) =>
        harmless(file(JSON.stringify(header), eight)),
      ),
    );
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const damaged = good.slice();
        damaged[at] = byte;
        harmless(damaged);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("writing and expecting", () => {
  test("wrong input is refused", () => {
    const data = Float32Array.of(1, 2);
    for (const shape of [[3], [-1, -2], [0.5, 4], []]) {
      expect(() => writeSafetensors(new Map([["a", { shape, data }]]), {})).toThrow(ArgumentError);
    }
    expect(() => writeSafetensors(new Map([["__metadata__", { shape: [2], data }]]), {})).toThrow(
      ArgumentError,
    );
    const wrong = { k: 1 } as unknown as Record<string, string>;
    expect(() => writeSafetensors(new Map(), wrong)).toThrow(ArgumentError);
  });

  test("expectTensor gives the data, or says what is missing, misshapen or not finite", () => {
    const written = writeSafetensors(
      new Map([
        ["w", { shape: [1, 2], data: Float32Array.of(1, 2) }],
        ["nan", { shape: [2], data: Float32Array.of(1, Number.NaN) }],
      ]),
      {},
    );
    const read = readSafetensors(written);
    expect([...expectTensor(read, "w", [1, 2])]).toEqual([1, 2]);
    expect(() => expectTensor(read, "v", [1])).toThrow(/no tensor "v"/);
    expect(() => expectTensor(read, "w", [2])).toThrow(/shape \[1, 2\].*\[2\] is needed/);
    expect(() => expectTensor(read, "nan", [2])).toThrow(/NaN at index 1/);
  });
});
