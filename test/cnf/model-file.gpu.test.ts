/** Saved flows: read back they are the same flow, and a file that is damaged or another's is refused as a file. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type CnfOptions, cnf, loadFlow, writeModel } from "../../src/cnf/index.js";
import { mlp } from "../../src/field/mlp.js";
import { ACTIVATIONS, LAYER_TYPES } from "../../src/field/spec.js";
import { FileFormatError } from "../../src/gpu/errors.js";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { scaling } from "./problems.js";

const options: CnfOptions = {
  field: mlp({ dim: 2, hidden: [3], layer: "concat_v2", activation: "swish", residual: true }),
  seed: 7,
  T: 0.7,
  trainT: true,
  standardisation: scaling(2),
  method: "bosh3",
  rtol: 1e-4,
  atol: 1e-6,
  controller: "PI",
};
const points = numbers(10, 51);
let saved: Uint8Array;

beforeAll(async () => {
  using flow = cnf(await testDevice(), options);
  saved = await flow.save();
});

/** The saved file with other metadata or tensors. */
function changed(change: (file: ReturnType<typeof readSafetensors>) => void): Uint8Array {
  const file = readSafetensors(saved);
  change(file);
  return writeSafetensors(file.tensors, Object.fromEntries(file.metadata));
}

/** The saved file with another configuration. */
function configured(change: (config: Record<string, Record<string, unknown>>) => void): Uint8Array {
  return changed(({ metadata }) => {
    const config = JSON.parse(metadata.get("config")!);
    change(config);
    metadata.set("config", JSON.stringify(config));
  });
}

describe("a flow read back", () => {
  test("is the same flow, bit for bit", async () => {
    const device = await testDevice();
    using flow = cnf(device, options);
    using loaded = await loadFlow(device, saved);
    expect(loaded.field).toEqual(flow.field);
    expect(loaded.standardisation).toEqual(flow.standardisation);
    expect([loaded.trainT, loaded.seed, loaded.solver]).toEqual([true, 7, flow.solver]);
    expect(await loaded.T()).toBe(Math.fround(0.7));
    expect(await loaded.params()).toEqual(await flow.params());
    expect(await loaded.logProb(points)).toEqual(await flow.logProb(points));
    expect(await loaded.sample(4, { seed: 2 })).toEqual(await flow.sample(4, { seed: 2 }));
    expect(await loaded.save()).toEqual(saved);
    // Without a device the file is the same; T is known to float32 on one.
    expect(writeModel({ ...options, T: Math.fround(0.7) })).toEqual(saved);
  });

  test("comes from an ArrayBuffer and from the middle of one", async () => {
    const device = await testDevice();
    const padded = new Uint8Array(saved.length + 3);
    padded.set(saved, 3);
    using whole = await loadFlow(device, saved.slice().buffer);
    using part = await loadFlow(device, padded.subarray(3));
    expect(await part.params()).toEqual(await whole.params());
  });

  test.each(LAYER_TYPES.flatMap((layer, i) => [[layer, ACTIVATIONS[i]!] as const]))(
    "with layer %s and activation %s keeps its field and parameters",
    async (layer, activation) => {
      const device = await testDevice();
      const field = mlp({ dim: 3, hidden: [4, 2], layer, activation });
      using flow = cnf(device, { field, steps: 2, method: "rk4" });
      using loaded = await loadFlow(device, await flow.save());
      expect(loaded.field).toEqual(field);
      expect(await loaded.params()).toEqual(await flow.params());
      expect(loaded.standardisation).toBeUndefined();
    },
  );

  test("names its tensors", () => {
    const { tensors } = readSafetensors(saved);
    const names = [...tensors].map(([name, { shape }]) => `${name} [${shape.join(", ")}]`);
    expect(names).toEqual([
      "layers.0.W [3, 2]",
      "layers.0.b [3]",
      "layers.0.Wb [3]",
      "layers.1.W [2, 3]",
      "layers.1.b [2]",
      "layers.1.Wb [2]",
      "swish_beta [1]",
      "sqrt_end_time [1]",
      "end_time [1]",
      "standardisation.mean [2]",
      "standardisation.std [2]",
    ]);
  });
});

async function refusal(bytes: Uint8Array): Promise<FileFormatError> {
  const device = await testDevice();
  const { buffers } = device.stats();
  const error = await loadFlow(device, bytes).then(
    (flow) => flow.dispose(),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FileFormatError);
  expect(device.stats().buffers).toBe(buffers);
  return error as FileFormatError;
}

describe("a file that cannot be used is a FileFormatError", () => {
  test("cut at any length", async () => {
    for (const share of [0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99]) {
      await refusal(saved.slice(0, Math.floor(share * saved.length)));
    }
    expect((await refusal(saved.slice(0, saved.length - 1))).message).toMatch(/cut short/);
    expect((await refusal(saved.slice(0, 7))).message).toMatch(/cut short/);
  });

  test.each<[string, () => Uint8Array, RegExp]>([
    ["one byte too many", () => Uint8Array.of(...saved, 0), /1 bytes follow/],
    [
      "another's safetensors",
      () => writeSafetensors(new Map([["w", { shape: [1], data: new Float32Array(1) }]]), {}),
      /format is not stated/,
    ],
    ["another version", () => changed(({ metadata }) => metadata.set("format", "fjordgpu-flow-9")), /flow-9/],
    ["a pickle", () => Uint8Array.of(0x80, 2, 0x7d, 0x71, 0, 0x2e, 0, 0, 0, 0), /pickled/],
    ["a PyTorch zip", () => Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0), /pickled/],
    ["no configuration", () => changed(({ metadata }) => metadata.delete("config")), /has no field/],
    ["text as configuration", () => changed(({ metadata }) => metadata.set("config", "{")), /JSON/],
    ["an unknown layer", () => configured(({ field }) => Object.assign(field!, { layer: "conv" })), /"conv"/],
    [
      "hidden that is no list",
      () => configured(({ field }) => Object.assign(field!, { hidden: 3 })),
      /hidden is 3/,
    ],
    ["another width", () => configured(({ field }) => Object.assign(field!, { hidden: [4] })), /shape/],
    [
      "sizes far beyond its tensors",
      () => configured(({ field }) => Object.assign(field!, { dim: 4096, hidden: new Array(9).fill(16384) })),
      /shape/,
    ],
    [
      "an unknown method",
      () => configured(({ solver }) => Object.assign(solver!, { method: "rk5" })),
      /"rk5"/,
    ],
    ["negative rtol", () => configured(({ solver }) => Object.assign(solver!, { rtol: -1 })), /rtol is -1/],
    [
      "a missing tensor",
      () => changed(({ tensors }) => tensors.delete("layers.1.b")),
      /no tensor "layers\.1\.b"/,
    ],
    [
      "a weight of NaN",
      () => changed(({ tensors }) => tensors.get("layers.0.W")!.data.fill(Number.NaN)),
      /NaN/,
    ],
    ["T of 0", () => changed(({ tensors }) => tensors.get("end_time")!.data.fill(0)), /end time is 0/],
    [
      "a standard deviation of 0",
      () => changed(({ tensors }) => tensors.get("standardisation.std")!.data.fill(0)),
      /std\[0\] is 0/,
    ],
    [
      "a mean without a standard deviation",
      () => changed(({ tensors }) => tensors.delete("standardisation.std")),
      /no tensor "standardisation\.std"/,
    ],
  ])("%s", async (_, bytes, message) => {
    expect((await refusal(bytes())).message).toMatch(message);
  });

  /** Loads, or is refused as a file; never anything else. */
  async function loadsOrIsRefused(bytes: Uint8Array): Promise<void> {
    const device = await testDevice();
    try {
      (await loadFlow(device, bytes)).dispose();
    } catch (error) {
      expect(error).toBeInstanceOf(FileFormatError);
    }
  }

  test("any bytes", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), refuses), { numRuns: 200, seed: 1 });
    async function refuses(bytes: Uint8Array) {
      await expect(loadFlow(await testDevice(), bytes)).rejects.toThrow(FileFormatError);
    }
  });

  test("any byte of a good file changed", async () => {
    const at = fc.nat({ max: saved.length - 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(at, fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }),
        (edits) => {
          const bytes = saved.slice();
          for (const [i, byte] of edits) bytes[i] = byte;
          return loadsOrIsRefused(bytes);
        },
      ),
      { numRuns: 500, seed: 2 },
    );
  });

  test("any JSON as configuration", async () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const field = fc.record(
      { dim: value, hidden: value, layer: value, activation: value, residual: value },
      { requiredKeys: [] },
    );
    const config = fc.oneof(value, fc.record({ field: fc.oneof(field, value), solver: value, seed: value }));
    await fc.assert(
      fc.asyncProperty(config, (json) =>
        loadsOrIsRefused(changed(({ metadata }) => metadata.set("config", JSON.stringify(json)))),
      ),
      { numRuns: 300, seed: 3 },
    );
  });
});
