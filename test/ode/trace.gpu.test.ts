/** Probes and the traces they give: distributions, seeds, bits, averages. */
import { describe, expect, test } from "vitest";
import { evaluate } from "../../src/field/evaluate.js";
import { MlpProgram } from "../../src/field/mlp-program.js";
import { ProbeSource, type TraceOptions, tracePlan } from "../../src/field/trace.js";
import { Weights } from "../../src/field/weights.js";
import { BufferGroup } from "../../src/gpu/buffer.js";
import { CONTROL_BYTES } from "../../src/ode/control.js";
import { solve } from "../../src/ode/solve.js";
import { PURPOSE, randomNormal, randomRademacher } from "../../src/tensor/random.js";
import { relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";
import { type Problem, problem } from "./problems.js";

/** The probes a solve of this batch would use, as rows [sample][k] of D. */
async function probesOf(trace: TraceOptions, batch: number, dim: number): Promise<Float32Array[][]> {
  const device = await testDevice();
  const plan = tracePlan(trace, dim, batch);
  const { field, params } = problem({ dim, hidden: [2] }, batch);
  const buffers = new BufferGroup();
  try {
    const weights = buffers.add(await Weights.create(device, field.spec, params));
    const control = buffers.add(device.buffer({ label: "control", size: CONTROL_BYTES }));
    const shape = { batch, tangents: 0, probes: plan.probes, traceWeight: plan.weight };
    const forward = { ...shape, store: false, cotangentPlane: false };
    const program = buffers.add(await MlpProgram.create(device, weights, forward, control));
    const source = buffers.add(await ProbeSource.create(device, plan));
    device.run(source.fill(program));
    const { ld, acts, probesAt } = program;
    const rows = await device.readF32(acts.words(probesAt, plan.probes * batch * ld));
    return Array.from({ length: batch }, (_, sample) =>
      Array.from({ length: plan.probes }, (_, k) => {
        const at = (k * batch + sample) * ld;
        expect([...rows.subarray(at + dim, at + ld)].every((padding) => padding === 0)).toBe(true);
        return rows.slice(at, at + dim);
      }),
    );
  } finally {
    buffers.dispose();
  }
}

const flat = (probes: Float32Array[][]) => probes.flat().flatMap((row) => [...row]);

describe.each([
  ["rademacher", randomRademacher],
  ["gaussian", randomNormal],
] as const)("%s probes", (distribution, onCpu) => {
  const options = { kind: "hutchinson", distribution, probes: 3, seed: 2 ** 40 + 7 } as const;

  test("are those of the CPU twin, bit for bit, in the order sample, probe, dimension", async () => {
    const key = { seed: options.seed, purpose: PURPOSE.probe, step: 0 };
    expect(flat(await probesOf(options, 5, 2))).toEqual([...onCpu(5 * 3 * 2, key)]);
  });

  test("follow the seed, and do not depend on the batch around them", async () => {
    const five = await probesOf(options, 5, 2);
    expect(flat(await probesOf(options, 5, 2))).toEqual(flat(five));
    expect(flat((await probesOf(options, 9, 2)).slice(0, 5))).toEqual(flat(five));
    expect(flat(await probesOf({ ...options, seed: 1 }, 5, 2))).not.toEqual(flat(five));
  });
});

test("Rademacher entries are +1 or −1, about as many of each", async () => {
  const entries = flat(await probesOf({ kind: "hutchinson" }, 500, 2));
  expect(entries.every((value) => Math.abs(value) === 1)).toBe(true);
  // The sum of 1,000 signs has a standard deviation of 32.
  expect(Math.abs(entries.reduce((sum, value) => sum + value, 0))).toBeLessThan(130);
});

test.each([
  [1, 1],
  [2, 2],
  [3, 5],
  [5, 5],
])("%d orthogonal probes in %d dimensions are orthonormal times √D", async (count, dim) => {
  const options = { kind: "hutchinson", distribution: "orthogonal", probes: count, seed: 3 } as const;
  const samples = await probesOf(options, 6, dim);
  for (const probes of samples) {
    for (const [i, a] of probes.entries()) {
      for (const [j, b] of probes.entries()) {
        const product = a.reduce((sum, value, d) => sum + value * b[d]!, 0);
        // Twice Gram–Schmidt: orthogonal to rounding.
        expect(Math.abs(product - (i === j ? dim : 0))).toBeLessThan(1e-5 * dim);
      }
    }
  }
  const alone = await probesOf(options, 1, dim);
  expect(flat(alone)).toEqual(flat(samples.slice(0, 1)));
});

const p = problem({ dim: 3, hidden: [6] }, 4, 12);
const at = (q: Problem) => ({ field: q.field, params: q.params, z: q.z0, t: 0.5 });
const inTime = { field: p.field, params: p.params, z0: p.z0, t0: 0, t1: 1, method: "rk4", steps: 4 } as const;

test("as many orthogonal probes as dimensions give the exact trace", async () => {
  const device = await testDevice();
  const orthogonal = { kind: "hutchinson", distribution: "orthogonal", probes: 3, seed: 5 } as const;
  const exact = await evaluate(device, { ...at(p), trace: { kind: "exact" } });
  const estimated = await evaluate(device, { ...at(p), trace: orthogonal });
  // Rounding of Gram–Schmidt and of nine products.
  expect(relativeError(estimated.trace, exact.trace)).toBeLessThan(1e-5);
  const whole = await solve(device, { ...inTime, trace: { kind: "exact" } });
  const probed = await solve(device, { ...inTime, trace: orthogonal });
  expect(relativeError(probed.delta!, whole.delta!)).toBeLessThan(1e-5);
});

test("n probes give the mean of their estimates", async () => {
  const device = await testDevice();
  const epsilon = numbers(3 * p.z0.length, 4);
  const size = p.z0.length;
  const all = await evaluate(device, { ...at(p), trace: { kind: "hutchinson", epsilon } });
  const sum = new Float64Array(p.batch);
  for (let k = 0; k < 3; k++) {
    const one = epsilon.subarray(k * size, (k + 1) * size);
    const { trace } = await evaluate(device, { ...at(p), trace: { kind: "hutchinson", epsilon: one } });
    for (const [n, value] of trace.entries()) sum[n]! += value / 3;
  }
  expect(relativeError(all.trace, sum)).toBeLessThan(3e-6);
});

test.each(["rademacher", "gaussian", "orthogonal"] as const)(
  "%s probes are unbiased",
  async (distribution) => {
    const batch = 2048;
    const one = problem({ dim: 3, hidden: [6] }, 1, 12);
    const z0 = Float32Array.from({ length: batch * 3 }, (_, i) => one.z0[i % 3]!);
    const many = { ...one, batch, z0 };
    const device = await testDevice();
    const exact = await evaluate(device, { ...at(one), trace: { kind: "exact" } });
    const { trace } = await evaluate(device, {
      ...at(many),
      trace: { kind: "hutchinson", distribution, seed: 1 },
    });
    const mean = trace.reduce((sum, value) => sum + value, 0) / batch;
    const variance = trace.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (batch - 1);
    expect(variance).toBeGreaterThan(0);
    expect(Math.abs(mean - exact.trace[0]!)).toBeLessThan(4 * Math.sqrt(variance / batch));
  },
);

test("a solve from a seed is the solve with the probes that the seed stands for", async () => {
  const device = await testDevice();
  const size = p.z0.length;
  const drawn = randomRademacher(2 * size, { seed: 9, purpose: PURPOSE.probe, step: 0 });
  // Drawn as [sample][k][d]; given as [k][sample][d].
  const epsilon = Float32Array.from({ length: 2 * size }, (_, i) => {
    const [k, sample, d] = [Math.floor(i / size), Math.floor((i % size) / 3), i % 3];
    return drawn[(sample * 2 + k) * 3 + d]!;
  });
  const seeded = await solve(device, { ...inTime, trace: { kind: "hutchinson", probes: 2, seed: 9 } });
  const given = await solve(device, { ...inTime, trace: { kind: "hutchinson", epsilon } });
  const other = await solve(device, { ...inTime, trace: { kind: "hutchinson", probes: 2, seed: 10 } });
  expect(seeded.delta).toEqual(given.delta);
  expect(other.delta).not.toEqual(given.delta);
  expect(other.z).toEqual(given.z);
});
