/** A row's result does not depend on the rows around it, nor on how sizes fall on the kernels' tiles. */
import { describe, expect, test } from "vitest";
import { type SolveOptions, solve } from "../../src/ode/solve.js";
import { relativeError, relativeL2 } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { gradientError, problem, referenceDiscrete, referenceSolve, referenceTrace } from "./problems.js";

const dim = 3;
const batch = 9;
const probes = 2;
const p = problem({ dim, hidden: [17, 5] }, batch, 81);
const epsilon = numbers(probes * batch * dim, 13);
const span = { t0: 0, t1: 1 };

/** The batch of these rows, their probes and cotangents with them: solved and differentiated. */
async function solveRows(rows: readonly number[], options: Partial<SolveOptions>) {
  const take = (values: Float32Array, width: number) =>
    Float32Array.from(rows.flatMap((row) => [...values.subarray(row * width, (row + 1) * width)]));
  const planes = Array.from({ length: probes }, (_, k) =>
    take(epsilon.subarray(k * batch * dim, (k + 1) * batch * dim), dim),
  );
  using result = await solve(await testDevice(), {
    field: p.field,
    params: p.params,
    z0: take(p.z0, dim),
    ...span,
    trace: { kind: "hutchinson", epsilon: Float32Array.from(planes.flatMap((plane) => [...plane])) },
    gradient: "discrete",
    ...options,
  });
  const back = await result.backward({
    z: take(p.cotangent.z, dim),
    delta: take(p.cotangent.delta, 1),
  });
  return { z: result.z, delta: result.delta!, dz0: back.z0, dparams: back.params, steps: result.stats };
}

const inOrder = Array.from({ length: batch }, (_, row) => row);
const shuffled = [4, 0, 8, 2, 7, 1, 6, 3, 5];

describe("in fixed steps", () => {
  const options = { method: "rk4", steps: 4 } as const;

  test("a permuted batch gives the permuted rows, bit for bit", async () => {
    const straight = await solveRows(inOrder, options);
    const mixed = await solveRows(shuffled, options);
    shuffled.forEach((row, n) => {
      expect(mixed.z.subarray(n * dim, (n + 1) * dim)).toEqual(
        straight.z.subarray(row * dim, (row + 1) * dim),
      );
      expect(mixed.delta[n]).toBe(straight.delta[row]);
      expect(mixed.dz0.subarray(n * dim, (n + 1) * dim)).toEqual(
        straight.dz0.subarray(row * dim, (row + 1) * dim),
      );
    });
    // A sum over the batch in another order.
    expect(relativeL2(mixed.dparams, straight.dparams)).toBeLessThan(1e-5);
  });

  test("a batch of 1 gives its row, bit for bit", async () => {
    const straight = await solveRows(inOrder, options);
    for (const row of [0, 5, 8]) {
      const alone = await solveRows([row], options);
      expect(alone.z).toEqual(straight.z.slice(row * dim, (row + 1) * dim));
      expect(alone.delta).toEqual(straight.delta.slice(row, row + 1));
      expect(alone.dz0).toEqual(straight.dz0.slice(row * dim, (row + 1) * dim));
    }
  });

  test("the same call again gives the same bits, adaptive too", async () => {
    for (const again of [options, { rtol: 1e-4, atol: 1e-4 }]) {
      expect(await solveRows(inOrder, again)).toEqual(await solveRows(inOrder, again));
    }
  });
});

test("in adaptive steps rows agree within 20 tolerances, whatever the batch", async () => {
  const tolerance = { rtol: 1e-5, atol: 1e-5 };
  const straight = await solveRows(inOrder, tolerance);
  const mixed = await solveRows(shuffled, tolerance);
  const near = (a: number, b: number) => {
    expect(Math.abs(a - b) / (1 + Math.abs(b))).toBeLessThan(20 * tolerance.rtol);
  };
  shuffled.forEach((row, n) => {
    for (let d = 0; d < dim; d++) near(mixed.z[n * dim + d]!, straight.z[row * dim + d]!);
    near(mixed.delta[n]!, straight.delta[row]!);
  });
  const alone = await solveRows([5], tolerance);
  for (let d = 0; d < dim; d++) near(alone.z[d]!, straight.z[5 * dim + d]!);
  near(alone.delta[0]!, straight.delta[5]!);
});

/** [batch, D, hidden widths, probes (0: no trace)]: edges of tiles of 4, 8, 16, 64 rows and columns. */
const SIZES: readonly (readonly [number, number, readonly number[], number])[] = [
  [1, 1, [1], 0],
  [1, 1, [1], 1],
  [2, 1, [3], 1],
  [3, 2, [5], 2],
  [7, 2, [17], 3],
  [8, 2, [3, 5], 1],
  [9, 2, [17, 1], 2],
  [9, 2, [], 1],
  [33, 2, [5], 1],
  [33, 3, [17], 0],
  [2, 3, [3], 4],
  [7, 3, [1, 1], 3],
  [8, 5, [5], 4],
  [33, 5, [17, 3], 2],
  [65, 1, [17], 1],
];

test.each(SIZES)(
  "batch %d, D = %d, widths %j, %d probes: as the reference",
  async (size, d, hidden, count) => {
    const q = problem({ dim: d, hidden, activation: "softplus" }, size, 7 * size + d);
    const directions = count > 0 ? numbers(count * size * d, 17) : undefined;
    const trace = referenceTrace(q, directions);
    const options = { method: "heun", steps: 3 } as const;
    const none = { ...q, cotangent: { z: q.cotangent.z, delta: new Float32Array(size) } };
    const traced = directions ? q : none;
    using gpu = await solve(await testDevice(), {
      field: q.field,
      params: q.params,
      z0: q.z0,
      ...span,
      ...options,
      trace: directions && { kind: "hutchinson", epsilon: directions },
      gradient: "discrete",
    });
    const forward = referenceSolve(q, span, options, trace);
    expect(relativeError(gpu.z, forward.z)).toBeLessThan(3e-5);
    if (directions) expect(relativeError(gpu.delta!, forward.delta)).toBeLessThan(3e-5);
    else expect(gpu.delta).toBeUndefined();
    const back = await gpu.backward(traced.cotangent);
    expect(gradientError(back, referenceDiscrete(traced, span, options, trace))).toBeLessThan(2e-4);
  },
);
