/** Checkpoints of FFJORD's own code: the same density as there, and what cannot be read is refused by name. */
import { describe, expect, test } from "vitest";
import { loadFlow, readModel } from "../../src/cnf/index.js";
import { FileFormatError } from "../../src/gpu/errors.js";
import { writeSafetensors } from "../../src/io/safetensors.js";
import { solve } from "../../src/reference/solve.js";
import { exactTrace } from "../../src/reference/trace.js";
import { testDevice } from "../support/device.js";
import { type Checkpoint, checkpointFile, logProbOf, type StateDict, stateDict } from "../support/ffjord.js";
import { numbers } from "../support/tensors.js";

const points = numbers(12, 7);
const plain: Checkpoint = {
  layer: "concatsquash",
  nonlinearity: "softplus",
  residual: false,
  wrapped: false,
};

describe("a checkpoint has the density that FFJORD's formulas give it", () => {
  test.each<Checkpoint>([
    plain,
    { layer: "concatsquash", nonlinearity: "swish", residual: true, wrapped: true },
    { layer: "squash", nonlinearity: "tanh", residual: false, wrapped: true },
    { layer: "concat", nonlinearity: "elu", residual: true, wrapped: false },
    { layer: "concat_v2", nonlinearity: "tanh", residual: false, wrapped: false },
    { layer: "ignore", nonlinearity: "softplus", residual: false, wrapped: false },
  ])("$layer, $nonlinearity, residual $residual", (checkpoint) => {
    const { field, params, T } = readModel(checkpointFile(checkpoint));
    const theta = Float64Array.from(params!);
    const z0 = Float64Array.from(points);
    const { z, delta } = solve(field.spec, theta, exactTrace(6, 2), 0, T!, z0, { method: "rk4", steps: 200 });
    const wanted = logProbOf(checkpoint, points);
    wanted.forEach((value, row) => {
      const square = z[2 * row]! ** 2 + z[2 * row + 1]! ** 2;
      const found = -Math.log(2 * Math.PI) - square / 2 - delta[row]!;
      // The same steps in float64, summed in another order.
      expect(Math.abs(found - value)).toBeLessThan(1e-10);
    });
  });

  test("on the device, and the flow is kept as one of the library's own", async () => {
    const device = await testDevice();
    using flow = await loadFlow(device, checkpointFile(plain));
    expect(await flow.T()).toBeCloseTo(0.81, 6);
    expect(flow.trainT).toBe(true);
    using again = await loadFlow(device, await flow.save());
    const wanted = logProbOf(plain, points);
    for (const logProb of [await flow.logProb(points), await again.logProb(points)]) {
      logProb.forEach((value, row) => {
        // dopri5 at 1e-5 in float32.
        expect(Math.abs(value - wanted[row]!)).toBeLessThan(1e-4);
      });
    }
  });
});

describe("what cannot be converted is named", () => {
  const changed = (change: (dict: StateDict) => void, checkpoint = plain) => {
    const dict = stateDict(checkpoint);
    change(dict);
    return checkpointFile(checkpoint, dict);
  };
  const renamed = (from: RegExp, to: string) =>
    changed((dict) => {
      for (const [name, tensor] of [...dict]) {
        dict.delete(name);
        dict.set(name.replace(from, to), tensor);
      }
    });
  const one = { shape: [2], data: new Float32Array(2) };
  const LAYER = "chain.0.odefunc.diffeq.layers.0.";
  const swish: Checkpoint = { ...plain, nonlinearity: "swish" };

  test.each<[string, () => Uint8Array, RegExp]>([
    ["blocks", () => changed((dict) => dict.set("chain.1.sqrt_end_time", one)), /chain of 2 blocks/],
    ["batch norm", () => changed((dict) => dict.set("chain.2.running_mean", one)), /batch normalisation/],
    ["hyper layers", () => renamed(/_layer\.weight/, "_hypernet.0.weight"), /of a type that is not read/],
    ["blend layers", () => renamed(/_layer\./, "_layer0."), /of a type that is not read/],
    [
      "convolutions",
      () => changed((dict) => dict.set(`${LAYER}_layer.weight`, { shape: [1, 1, 1, 2], data: one.data })),
      /of a type that is not read/,
    ],
    [
      "spectral norm",
      () => changed((dict) => dict.set(`${LAYER}_layer.weight_u`, one)),
      /"chain\.0\.odefunc\.diffeq\.layers\.0\._layer\.weight_u" belongs to no layer type/,
    ],
    [
      "mixed layers",
      () => changed((dict) => dict.delete(`${LAYER}_hyper_gate.weight`)),
      /belongs to no|has no/,
    ],
    [
      "no end time",
      () => changed((dict) => dict.delete("chain.0.sqrt_end_time")),
      /no tensor "chain\.0\.sqrt/,
    ],
    [
      "an end time of 0",
      () => changed((dict) => dict.get("chain.0.sqrt_end_time")!.data.fill(0)),
      /end time is 0/,
    ],
    [
      "a β for each layer",
      () => changed((dict) => dict.get("chain.0.odefunc.diffeq.activation_fns.1.beta")!.data.fill(2), swish),
      /β of swish each/,
    ],
    [
      "an activation from elsewhere",
      () => checkpointFile({ ...plain, nonlinearity: "gelu" as "elu" }),
      /nonlinearity is "gelu"/,
    ],
    ["no activation", () => writeSafetensors(stateDict(plain), {}), /does not say which activation/],
  ])("%s", (_, bytes, message) => {
    expect(() => readModel(bytes())).toThrow(FileFormatError);
    expect(() => readModel(bytes())).toThrow(message);
  });
});
