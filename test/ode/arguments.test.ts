/** Bad input to `solve`: a typed error that names the value and the remedy, before anything is allocated. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mlp } from "../../src/field/mlp.js";
import { wgslField } from "../../src/field/wgsl.js";
import type { Device } from "../../src/gpu/device.js";
import { FjordError } from "../../src/gpu/errors.js";
import { type SolveOptions, solve } from "../../src/ode/solve.js";
import { held, testDevice } from "../support/device.js";
import { problem } from "./problems.js";

const p = problem({ dim: 2, hidden: [4] }, 3);
const good: SolveOptions = { field: p.field, params: p.params, z0: p.z0, t0: 0, t1: 1 };
const user = {
  field: wgslField({ dim: 2, code: "fn field(t: f32, z: State) -> State { return z; }" }),
  params: new Float32Array(),
};

let device: Device;
let before: ReturnType<typeof held>;
beforeAll(async () => {
  device = await testDevice();
  before = held(device);
});
afterAll(() => expect(held(device)).toEqual(before));

/** The error of a call, which must be one of ours. */
async function failure(options: Partial<SolveOptions>): Promise<FjordError> {
  const error = await solve(device, { ...good, ...options }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FjordError);
  return error as FjordError;
}

// Names as they come from a file or a form, past the types.
const unknown = (name: string) => name as never;

const BAD: Record<string, [Partial<SolveOptions>, string, readonly string[]]> = {
  "z0 of no whole rows": [{ z0: new Float32Array(5) }, "bad-argument", ["5", "[batch, 2]"]],
  "NaN in z0": [{ z0: Float32Array.of(1, 2, 3, Number.NaN, 5, 6) }, "bad-data", ["NaN", "row 1", "column 1"]],
  "infinity in z0": [
    { z0: Float32Array.of(1, 2, 3, 4, Number.POSITIVE_INFINITY, 6) },
    "bad-data",
    ["Infinity", "row 2", "column 0"],
  ],
  "too few parameters": [{ params: new Float32Array(3) }, "bad-argument", ["3", String(p.field.paramCount)]],
  "parameters of a WGSL field that has none": [
    { ...user, params: new Float32Array(2) },
    "bad-argument",
    ["2", "takes 0"],
  ],
  "an unknown method": [{ method: unknown("rk5") }, "bad-argument", ["rk5", "dopri5"]],
  "an unknown controller": [{ controller: unknown("H") }, "bad-argument", ['"H"', "PID"]],
  "an unknown gradient": [{ gradient: unknown("exact") }, "bad-argument", ["exact", "discrete"]],
  "an unknown kind of gradient": [
    { gradient: { kind: unknown("discreet") } },
    "bad-argument",
    ["discreet", "continuous"],
  ],
  "an unknown method of the continuous gradient": [
    { gradient: { kind: "continuous", method: unknown("rk5") } },
    "bad-argument",
    ["rk5", "dopri5"],
  ],
  "an unknown trace": [{ trace: { kind: unknown("full") } }, "bad-argument", ["full", "hutchinson"]],
  "an unknown distribution": [
    { trace: { kind: "hutchinson", distribution: unknown("cauchy") } },
    "bad-argument",
    ["cauchy", "rademacher"],
  ],
  "no probes": [{ trace: { kind: "hutchinson", probes: 0 } }, "bad-argument", ["0", "1"]],
  "more orthogonal probes than dimensions": [
    { trace: { kind: "hutchinson", distribution: "orthogonal", probes: 3 } },
    "bad-argument",
    ["3", "from 1 to 2"],
  ],
  "half a seed": [{ trace: { kind: "hutchinson", seed: 0.5 } }, "bad-argument", ["0.5"]],
  "probes of another batch": [
    { trace: { kind: "hutchinson", epsilon: new Float32Array(7) } },
    "bad-argument",
    ["7", "[n, 3, 2]"],
  ],
  "NaN as t0": [{ t0: Number.NaN }, "bad-argument", ["t0", "NaN"]],
  "infinity as t1": [{ t1: Number.POSITIVE_INFINITY }, "bad-argument", ["t1", "Infinity"]],
  "a t1 beyond f32": [{ t1: 1e39 }, "bad-argument", ["t1", "1e+39"]],
  "no steps": [{ steps: 0 }, "bad-argument", ["steps", "0", "from 1"]],
  "half a step": [{ steps: 2.5 }, "bad-argument", ["2.5"]],
  "rk4 without steps": [{ method: "rk4" }, "bad-argument", ["rk4", "steps", "dopri5", "bosh3"]],
  "a tolerance of 0": [{ rtol: 0 }, "bad-argument", ["rtol", "0"]],
  "a negative atol": [{ atol: -1 }, "bad-argument", ["atol", "-1"]],
  "a firstStep of 0": [{ firstStep: 0 }, "bad-argument", ["firstStep", "0"]],
  "a negative maxStep": [{ maxStep: -1 }, "bad-argument", ["maxStep", "-1"]],
  "minStep above maxStep": [{ minStep: 2, maxStep: 1 }, "bad-argument", ["minStep 2", "maxStep 1"]],
  "no steps allowed": [{ maxSteps: 0 }, "bad-argument", ["maxSteps", "0"]],
  "tangents of another shape": [{ tangents: new Float32Array(7) }, "bad-argument", ["7", "[M, 3, 2]"]],
  "tangents and a gradient": [
    { tangents: new Float32Array(6), gradient: "discrete" },
    "not-differentiable",
    ["angents"],
  ],
  "tangents of a WGSL field without field_tangent": [
    { ...user, tangents: new Float32Array(6) },
    "bad-argument",
    ["field_tangent"],
  ],
  "the trace of a WGSL field": [{ ...user, trace: { kind: "exact" } }, "not-differentiable", ["MLP"]],
  "the gradient of a WGSL field": [{ ...user, gradient: "discrete" }, "not-differentiable", ["MLP"]],
  "a time before t0": [{ record: { times: [0.5, -0.1] } }, "bad-argument", ["-0.1", "t0 = 0"]],
  "a time after t1, backward": [
    { t0: 1, t1: 0, record: { times: [1.5] } },
    "bad-argument",
    ["1.5", "t1 = 0"],
  ],
  "NaN as a time": [{ record: { times: [Number.NaN] } }, "bad-argument", ["NaN"]],
};

test.each(Object.keys(BAD))("%s", async (name) => {
  const [options, code, words] = BAD[name]!;
  const error = await failure(options);
  expect(error.code).toBe(code);
  for (const word of words) expect(error.message).toContain(word);
});

describe("fields", () => {
  test.each([
    [{ dim: 0 }, "dim"],
    [{ dim: 2, hidden: [0] }, "hidden[0]"],
    [{ dim: 2, hidden: [4, 1.5] }, "hidden[1]"],
    [{ dim: 2, layer: unknown("hyper") }, "concatsquash"],
    [{ dim: 2, activation: unknown("gelu") }, "softplus"],
  ])("mlp(%o) names what is wrong", (options, word) => {
    expect(() => mlp(options)).toThrow(word);
  });

  test.each([
    [{ dim: 0, code: "fn field(" }, "dim"],
    [{ dim: 17, code: "fn field(" }, "dim"],
    [{ dim: 2, code: "fn f() {}" }, "no function named field"],
    [{ dim: 2, parameters: -1, code: "fn field(" }, "parameters"],
  ])("wgslField(%o) names what is wrong", (options, word) => {
    expect(() => wgslField(options)).toThrow(word);
  });
});

describe("backward", () => {
  test("without a gradient says which option is missing", async () => {
    const result = await solve(device, { ...good, steps: 2 });
    await expect(result.backward(p.cotangent)).rejects.toMatchObject({ code: "not-differentiable" });
    await expect(result.backward(p.cotangent)).rejects.toThrow('gradient: "discrete"');
  });

  test("with cotangents of another shape names theirs and the right one", async () => {
    using result = await solve(device, { ...good, steps: 2, gradient: "discrete" });
    await expect(result.backward({ z: new Float32Array(4) })).rejects.toThrow("[3, 2]");
    await expect(result.backward({ z: p.cotangent.z, delta: new Float32Array(2) })).rejects.toThrow("[3]");
  });
});

test("no rows are an empty result, with an empty gradient", async () => {
  using result = await solve(device, {
    ...good,
    z0: new Float32Array(),
    trace: { kind: "exact" },
    gradient: "discrete",
  });
  expect(result.status).toBe("ok");
  expect(result.z).toHaveLength(0);
  expect(result.delta).toHaveLength(0);
  const back = await result.backward({ z: new Float32Array() });
  expect(back.params).toEqual(new Float32Array(p.field.paramCount));
  expect([back.t0, back.t1]).toEqual([0, 0]);
});
