/**
 * Adaptive solves with resident weights (shaders/fused/resident/adaptive.wgsl), whose tiles of 4 samples choose their own
 * steps: against float64. In Chromium, whose adapter has the 4-wide subgroups that they want.
 */
import { describe, expect, test } from "vitest";
import { mlp } from "../../src/field/mlp.js";
import type { MlpOptions } from "../../src/field/spec.js";
import { tracePlan } from "../../src/field/trace.js";
import { Weights } from "../../src/field/weights.js";
import { BufferGroup } from "../../src/gpu/buffer.js";
import type { Device } from "../../src/gpu/device.js";
import { FusedForward } from "../../src/ode/fused-forward.js";
import { type StepOptions, stepPlan } from "../../src/ode/plan.js";
import { runSteps } from "../../src/ode/runner.js";
import { solve } from "../../src/ode/solve.js";
import { adaptiveBound, mixedError } from "../oracle/judge/judgement.js";
import { testDevice } from "../support/device.js";
import { difference } from "../support/fused.js";
import { numbers } from "../support/tensors.js";
import {
  type Problem,
  problem,
  referenceContinuous,
  referenceSolve,
  referenceTrace,
  type Span,
} from "./problems.js";

const FINE = { method: "dopri5", rtol: 1e-9, atol: 1e-9 } as const;

/** @param epsilon probes [K, B, D] */
async function solveResident(
  device: Device,
  { field, batch, params, z0 }: Pick<Problem, "field" | "batch" | "params" | "z0">,
  { t0, t1 }: Span,
  steps: StepOptions,
  epsilon?: Float32Array,
) {
  const group = new BufferGroup();
  try {
    const weights = group.add(await Weights.create(device, field.spec, params));
    const trace = epsilon && tracePlan({ kind: "hutchinson", epsilon }, field.dim, batch);
    const options = { batch, plan: stepPlan(steps), trace, tiling: { form: "resident" } } as const;
    const forward = group.add(await FusedForward.create(device, weights, options));
    expect(forward.fused.form).toBe("resident");
    device.write(forward.state, z0);
    device.write(forward.interval, new Float32Array([t0, t1]));
    const { status, accepted } = await runSteps(device, forward.steps());
    const state = await device.readF32(forward.state);
    const delta = state.slice(forward.deltaAt, forward.deltaAt + batch);
    return { status, accepted, z: state.slice(0, z0.length), delta };
  } finally {
    group.dispose();
  }
}

/** Submissions of so little work that each tries one step of every tile. */
async function stepByStep<T>(device: Device, run: () => Promise<T>): Promise<T> {
  const bound = device as { workPerSubmit: number };
  const usual = bound.workPerSubmit;
  bound.workPerSubmit = 1;
  try {
    return await run();
  } finally {
    bound.workPerSubmit = usual;
  }
}

interface Case {
  readonly name: string;
  readonly field: MlpOptions & { hidden: number[] };
  readonly probes: number;
  readonly batch: number;
  readonly span: Span;
  readonly steps: StepOptions & { rtol: number };
  readonly stepwise?: boolean;
}

const AHEAD = { t0: 0.25, t1: 1 };
const BACK = { t0: 1, t1: 0.25 };

describe("near the truth", () => {
  test.each([
    {
      name: "dopri5, no trace",
      field: { dim: 1, hidden: [16], layer: "concat_first" },
      probes: 0,
      batch: 5,
      span: AHEAD,
      steps: { method: "dopri5", rtol: 1e-5 },
    },
    {
      name: "tsit5 by PID, a dispatch for each step, two probes",
      field: { dim: 3, hidden: [20, 36], layer: "concatsquash", activation: "swish" },
      probes: 2,
      batch: 7,
      span: AHEAD,
      steps: { method: "tsit5", controller: "PID", rtol: 1e-4 },
      stepwise: true,
    },
    {
      name: "fehlberg2, whose last stage is not the next step's first",
      field: { dim: 2, hidden: [64, 64], layer: "concatsquash" },
      probes: 1,
      batch: 9,
      span: AHEAD,
      steps: { method: "fehlberg2", rtol: 1e-3 },
    },
    {
      name: "first step given, residual, backward in time",
      field: { dim: 4, hidden: [12, 9], layer: "concat_first", activation: "swish", residual: true },
      probes: 1,
      batch: 6,
      span: BACK,
      steps: { method: "dopri5", firstStep: 0.05, rtol: 1e-4 },
    },
  ] as Case[])("$name", async ({ field, probes, batch, span, steps, stepwise }) => {
    const device = await testDevice();
    const whole = problem(field, batch);
    // Wide layers with weights of order 1 are stiff.
    const scale = 2 / Math.sqrt(field.hidden[0]!);
    const p = { ...whole, params: whole.params.map((x) => Math.fround(scale * x)) };
    const epsilon = probes ? numbers(probes * batch * field.dim, 9) : undefined;
    const run = () => solveResident(device, p, span, { ...steps, atol: steps.rtol }, epsilon);
    const found = await (stepwise ? stepByStep(device, run) : run());
    expect(found.status).toBe("ok");
    const truth = referenceSolve(p, span, FINE, referenceTrace(p, epsilon));
    expect(mixedError(found.z, truth.z)).toBeLessThan(adaptiveBound(steps.rtol, 0));
    if (probes) expect(mixedError(found.delta, truth.delta)).toBeLessThan(adaptiveBound(steps.rtol, 0));
  });
});

test.each([
  ["max-steps", 1],
  ["non-finite", Number.NaN],
] as const)("a tile that fails says %s; its neighbour is done all the same", async (status, start) => {
  const device = await testDevice();
  // z' = -30 z: from 1 many steps, from next to nothing a few long ones.
  const field = mlp({ dim: 1, hidden: [4], layer: "ignore", activation: "identity" });
  const params = new Float32Array(field.paramCount);
  params[0] = 1;
  params[field.layout.find(({ name }) => name === "layers.1.W")!.offset] = -30;
  const points = Float32Array.from({ length: 8 }, (_, i) => (i < 4 ? start : i * 1e-12));
  const solved = (z0: Float32Array<ArrayBuffer>) =>
    solveResident(device, { field, batch: z0.length, params, z0 }, { t0: 0, t1: 1 }, { maxSteps: 5 });
  const [all, easy] = [await solved(points), await solved(points.slice(4))];
  expect(all.status).toBe(status);
  expect(easy.status).toBe("ok");
  expect(easy.accepted).toBeGreaterThan(1);
  expect([...all.z.slice(4)]).toEqual([...easy.z]);
});

test("the continuous adjoint, in strips of 16, goes back from where tiles of 4 have come", async () => {
  const device = await testDevice();
  const p = problem({ dim: 2, hidden: [12] }, 7);
  const epsilon = numbers(14, 9);
  const steps = { method: "dopri5", rtol: 1e-4, atol: 1e-4 } as const;
  const result = await solve(device, {
    ...{ field: p.field, params: p.params, z0: p.z0, ...AHEAD, ...steps },
    trace: { kind: "hutchinson", epsilon },
    gradient: "continuous",
    path: "fused",
  });
  const gradient = await result.backward(p.cotangent);
  result.dispose();
  const truth = referenceContinuous(p, AHEAD, FINE, referenceTrace(p, epsilon));
  // Errors of steps add up on both ways: 20 rtol is what the oracle cases allow.
  expect(difference(gradient.params, truth.theta)).toBeLessThan(20e-4);
  expect(difference(gradient.z0, truth.z0)).toBeLessThan(20e-4);
  expect(difference([gradient.t0, gradient.t1], [truth.t0, truth.t1])).toBeLessThan(20e-4);
});
