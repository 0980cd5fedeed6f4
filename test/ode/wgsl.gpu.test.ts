/** Fields that users write in WGSL: parameters, tangents, and errors at their own lines. */
import { describe, expect, test } from "vitest";
import { wgslField } from "../../src/field/wgsl.js";
import { KernelCompilationError } from "../../src/gpu/errors.js";
import { solve } from "../../src/ode/solve.js";
import { integrate } from "../../src/reference/integrate.js";
import { relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";

const span = { t0: 0, t1: 1.5 };

/** Lotka–Volterra driven in time, with its tangent. */
const driven = wgslField({
  dim: 2,
  parameters: 4,
  code: `
// A helper of the user's own, and a constant.
const PI_HALF: f32 = 1.5707963;
fn season(t: f32) -> f32 { return 1.0 + 0.25 * sin(PI_HALF * t); }

fn field(t: f32, z: State) -> State {
  return State(z[0] * (p(0) * season(t) - p(1) * z[1]), z[1] * (p(2) * z[0] - p(3)));
}

fn field_tangent(t: f32, z: State, v: State) -> State {
  return State(
    v[0] * (p(0) * season(t) - p(1) * z[1]) - z[0] * p(1) * v[1],
    v[1] * (p(2) * z[0] - p(3)) + z[1] * p(2) * v[0],
  );
}`,
});
const params = Float32Array.of(1.5, 1, 0.75, 1.25);
const reference = (t: number, y: Float64Array) => {
  const season = 1 + 0.25 * Math.sin((Math.PI / 2) * t);
  const [a, b, c, d] = params;
  return Float64Array.of(y[0]! * (a! * season - b! * y[1]!), y[1]! * (c! * y[0]! - d!));
};
const starts = [
  [1, 0.5],
  [0.25, 2],
  [3, 1],
] as const;
const z0 = Float32Array.from(starts.flat());
const fixed = { method: "rk4", steps: 12 } as const;

function referenceEnd(start: readonly number[]): Float64Array {
  return integrate(reference, span.t0, span.t1, Float64Array.from(start), fixed).y;
}

test("parameters reach the field, and rows are solved side by side", async () => {
  const { z } = await solve(await testDevice(), { field: driven, params, z0, ...span, ...fixed });
  expect(
    relativeError(
      z,
      starts.flatMap((start) => [...referenceEnd(start)]),
    ),
  ).toBeLessThan(3e-5);
  const other = await solve(await testDevice(), {
    field: driven,
    params: Float32Array.of(1.5, 1, 0.75, 1),
    z0,
    ...span,
    ...fixed,
  });
  expect(other.z).not.toEqual(z);
});

test("field_tangent carries the Jacobian of the map: as differences of it", async () => {
  const units = Float32Array.from([...starts.flatMap(() => [1, 0]), ...starts.flatMap(() => [0, 1])]);
  const { tangents } = await solve(await testDevice(), {
    field: driven,
    params,
    z0,
    ...span,
    ...fixed,
    tangents: units,
  });
  const h = 1e-5;
  const expected = [0, 1].flatMap((axis) =>
    starts.flatMap((start) => {
      const moved = (by: number) => referenceEnd(start.map((value, d) => value + (d === axis ? by : 0)));
      const [up, down] = [moved(h), moved(-h)];
      return [...up].map((value, d) => (value - down[d]!) / (2 * h));
    }),
  );
  // Differences are good to 1e-9; the bound is that of fixed-step solves.
  expect(relativeError(tangents!, expected)).toBeLessThan(3e-5);
});

test("more rows than a workgroup, adaptive, one dimension to sixteen", async () => {
  const device = await testDevice();
  for (const dim of [1, 3, 16]) {
    const code = `fn field(t: f32, z: State) -> State {
  var y = z;
  for (var d = 0u; d < ${dim}u; d++) { y[d] = -f32(d + 1u) * z[d] / 8.0; }
  return y;
}`;
    const rows = 70;
    const start = Float32Array.from({ length: rows * dim }, (_, i) => 1 + i / 512);
    const field = wgslField({ dim, code });
    const { z } = await solve(device, { field, params: new Float32Array(), z0: start, t0: 0, t1: 1 });
    const expected = [...start].map((value, i) => value * Math.exp(-((i % dim) + 1) / 8));
    // 20 tolerances of 1e-5.
    expect(relativeError(z, expected)).toBeLessThan(2e-4);
  }
});

describe("code that does not compile", () => {
  const start = { params: new Float32Array(), z0: Float32Array.of(1, 0), ...span };

  test.each([
    ["fn field(t: f32, z: State) -> State { return missing; }", 1],
    ["// first\nfn field(t: f32, z: State) -> State {\n  let x = 1.0;\n  return x;\n}", 4],
    ["fn field(t: f32, z: State) -> State {\n  return z;\n}\nfn helper() -> f32 { return z[0]; }", 4],
    [
      "fn field(t: f32, z: State) -> State { return z; }\n\nfn field_tangent(t: f32) -> f32 { return t +; }",
      3,
    ],
  ])("is reported at its line of the user's text: %j", async (code, line) => {
    const field = wgslField({ dim: 2, code });
    const error = await solve(await testDevice(), { field, ...start }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(KernelCompilationError);
    expect((error as KernelCompilationError).line).toBe(line);
    expect((error as KernelCompilationError).message).toContain(`field code:${line}:`);
  });

  test("does not keep the next field from running", async () => {
    const device = await testDevice();
    const broken = wgslField({ dim: 2, code: "fn field(t: f32, z: State) -> State { return 1; }" });
    await expect(solve(device, { field: broken, ...start })).rejects.toBeInstanceOf(KernelCompilationError);
    const field = wgslField({ dim: 2, code: "fn field(t: f32, z: State) -> State { return z; }" });
    const { z } = await solve(device, { field, ...start, method: "euler", steps: 1 });
    expect([...z]).toEqual([2.5, 0]);
  });
});
