/**
 * Each form of the fused kernels against float64: blocks, as on a GPU, in Node; strips and resident weights where
 * subgroups are 4 wide, in Chromium on SwiftShader. Kernels take a second to compile, so factors are not multiplied
 * but rotated against each other.
 */
import { describe, expect, test } from "vitest";
import { ACTIVATIONS, LAYER_TYPES, type MlpOptions } from "../../src/field/spec.js";
import type { TraceOptions } from "../../src/field/trace.js";
import type { FusedForm } from "../../src/ode/fused-plan.js";
import { METHOD_NAMES, type MethodName } from "../../src/ode/methods.js";
import type { ControllerName } from "../../src/ode/plan.js";
import type { SolveGradient as ReferenceGradient } from "../../src/reference/gradient.js";
import type { Trace } from "../../src/reference/trace.js";
import { adaptiveBound, BOUNDS, l2Error, mixedError } from "../oracle/judge/judgement.js";
import { relativeError } from "../support/compare.js";
import { testDevice } from "../support/device.js";
import { solveInForm } from "../support/fused-form.js";
import { numbers } from "../support/tensors.js";
import {
  type Problem,
  problem,
  referenceContinuous,
  referenceDiscrete,
  referenceSolve,
  referenceTrace,
} from "./problems.js";

const HIDDEN = [[12], [20, 6], [9, 5, 12], [5, 8, 16, 7]];
const DIMS = [1, 2, 3, 5, 8];
/** None, D unit vectors, 1 and 3 probes. */
const TRACES = ["no trace", "exact trace", 1, 3] as const;
const GRADIENTS = ["discrete", "continuous"] as const;
type TraceName = (typeof TRACES)[number];

const device = await testDevice();
const FORMS: readonly FusedForm[] = device.adapter.subgroupSize === 4 ? ["strip", "resident"] : ["block"];

const at = <T>(values: readonly T[], i: number): T => values[i % values.length]!;

/** A case for each method; in strips the other factors are shifted, and the gradient is the other one. */
function casesOf(form: FusedForm) {
  const shift = { block: 0, strip: 1, resident: 2 }[form];
  // Weights stay resident for up to 4 dimensions, and in the discrete adjoint.
  const resident = form === "resident";
  return METHOD_NAMES.map((method, i) => ({
    form,
    method,
    field: {
      dim: at(resident ? DIMS.slice(0, 3) : DIMS, i),
      hidden: at(HIDDEN, i),
      layer: at(LAYER_TYPES, i + 2 * shift),
      activation: at(ACTIVATIONS, i + 2 * shift),
      residual: i % 3 === 1,
    },
    trace: at(TRACES, i + (i >> 1) + shift),
    gradient: at(resident ? GRADIENTS.slice(0, 1) : GRADIENTS, i + shift),
    batch: 5 + ((4 * i) % 16),
    span: i % 4 === 3 ? { t0: 1, t1: 0.25 } : { t0: 0.25, t1: 1 },
    /** Every stage's activations kept, or evaluated again by the reverse pass. */
    taped: i % 4 >= 2,
    /** Rows of a block in global memory: on GPUs they are in the workgroup's, which SwiftShader compiles for longer. */
    spill: i % 3 !== 2,
  }));
}

type Case = ReturnType<typeof casesOf>[number];

interface Named {
  readonly method: MethodName;
  readonly field: MlpOptions;
  readonly trace: TraceName;
  readonly gradient: (typeof GRADIENTS)[number];
}

function nameOf({ method, field, trace, gradient }: Named): string {
  const { dim, hidden = [], layer, activation, residual } = field;
  const traced = typeof trace === "number" ? `probes: ${trace}` : trace;
  const net = `${layer} ${dim}-${hidden.join("-")} ${activation}${residual ? " residual" : ""}`;
  return `${method}, ${net}, ${traced}, ${gradient}`;
}

/** Weights in ±0.5, which keep a solve of order 1 behind 4 layers, also where the activation is a square. */
function problemOf(field: MlpOptions, batch: number, traced: boolean): Problem {
  const made = problem(field, batch, 17);
  const delta = traced ? made.cotangent.delta : new Float32Array(batch);
  return { ...made, params: made.params.map((v) => v / 1.8), cotangent: { ...made.cotangent, delta } };
}

/** The trace as the engine and as the reference take it. */
function tracesOf(p: Problem, name: TraceName): [TraceOptions | undefined, Trace] {
  if (name === "no trace") return [undefined, referenceTrace(p)];
  if (name === "exact trace") return [{ kind: "exact" }, referenceTrace(p)];
  const epsilon = numbers(name * p.z0.length, 5);
  return [{ kind: "hutchinson", epsilon }, referenceTrace(p, epsilon)];
}

type Gradient = Awaited<ReturnType<typeof solveInForm>>["gradient"];

/** Relative L2 by tensor. Of t0 and t1 either alone may be a difference of large numbers: they count as one. */
function gradientErrors(
  { field }: Problem,
  actual: Gradient,
  expected: ReferenceGradient,
): [string, number][] {
  return [
    ...field.layout.map(({ name, offset, size }): [string, number] => {
      const [ours, theirs] = [actual.params, expected.theta].map((all) =>
        all.subarray(offset, offset + size),
      );
      return [name, l2Error(ours!, theirs!)];
    }),
    ["z0", l2Error(actual.z0, expected.z0)],
    ["t0, t1", l2Error([actual.t0, actual.t1], [expected.t0, expected.t1])],
  ];
}

describe.each(FORMS)("fixed steps, %s", (form) => {
  const cases = casesOf(form);

  test("the cases have every value of every factor", () => {
    const expectAll = (values: readonly unknown[], of: (c: Case) => unknown) =>
      expect(new Set(cases.map(of))).toEqual(new Set(values));
    expectAll(METHOD_NAMES, (c) => c.method);
    expectAll(LAYER_TYPES, (c) => c.field.layer);
    expectAll(ACTIVATIONS, (c) => c.field.activation);
    expectAll(HIDDEN, (c) => c.field.hidden);
    expectAll(TRACES, (c) => c.trace);
    if (form === "resident") return;
    expectAll(DIMS, (c) => c.field.dim);
    expectAll(GRADIENTS, (c) => c.gradient);
  });

  test.each(cases.map((c) => [nameOf(c), c] as const))("%s: as float64", async (_, c) => {
    const { method, span, gradient, spill } = c;
    const traced = c.trace !== "no trace";
    const p = problemOf(c.field, c.batch, traced);
    const [trace, referred] = tracesOf(p, c.trace);
    const steps = { method, steps: 2 } as const;
    const { field, params, z0 } = p;
    const options = { field, params, z0, ...span, ...steps, trace, gradient };
    const how = { tiling: { form, spill }, tapeBytes: c.taped ? undefined : 0 };
    const result = await solveInForm(device, options, p.cotangent, how);
    expect(result.form).toBe(form);
    expect(result.statuses).toEqual(["ok", "ok"]);
    if (form === "block") expect(result.spill).toBe(spill);
    if (form !== "resident") expect(result.taped).toBe(c.taped && gradient === "discrete");

    const forward = referenceSolve(p, span, steps, referred);
    expect(relativeError(result.z, forward.z)).toBeLessThan(BOUNDS.value);
    if (traced) expect(relativeError(result.delta, forward.delta)).toBeLessThan(BOUNDS.value);
    const reference = gradient === "discrete" ? referenceDiscrete : referenceContinuous;
    const errors = gradientErrors(p, result.gradient, reference(p, span, steps, referred));
    expect(errors.filter(([, error]) => !(error < BOUNDS.gradient))).toEqual([]);
  });
});

interface AdaptiveCase extends Named {
  readonly controller: ControllerName;
  readonly rtol: number;
}

const ADAPTIVE: readonly AdaptiveCase[] = [
  {
    ...{ method: "bosh3", controller: "PI", rtol: 1e-4, gradient: "discrete", trace: "exact trace" },
    field: { dim: 2, hidden: [9, 5], layer: "concat", activation: "sigmoid" },
  },
  {
    ...{ method: "fehlberg2", controller: "I", rtol: 1e-3, gradient: "continuous", trace: 3 },
    field: { dim: 3, hidden: [12], layer: "squash", activation: "sin" },
  },
  {
    ...{ method: "tsit5", controller: "PID", rtol: 1e-5, gradient: "continuous", trace: 1 },
    field: { dim: 5, hidden: [6, 8, 5], layer: "concat_v2", activation: "softplus" },
  },
  {
    ...{ method: "dopri8", controller: "I", rtol: 1e-5, gradient: "discrete", trace: "no trace" },
    field: { dim: 1, hidden: [5, 5, 5, 5], layer: "concat_first", activation: "swish", residual: true },
  },
];

// Every tile has steps of its own, so neither the layered path's nor the reference's can be compared one by one.
describe.each(FORMS.filter((form) => form !== "resident"))("adaptive steps, %s", (form) => {
  // In strips these kernels take up to ten seconds to compile: one of each gradient.
  const cases = form === "strip" ? ADAPTIVE.slice(0, 2) : ADAPTIVE;
  test.each(cases.map((c) => [nameOf(c), c] as const))(
    "%s: near the truth",
    async (_, { field: options, trace: name, rtol, gradient, method, controller }) => {
      const traced = name !== "no trace";
      // Two tiles and some samples.
      const p = problemOf(options, 37, traced);
      const [trace, referred] = tracesOf(p, name);
      const span = { t0: 0.25, t1: 1.25 };
      const { field, params, z0 } = p;
      const steps = { method, controller, rtol, atol: rtol };
      const asked = { field, params, z0, ...span, ...steps, trace, gradient };
      const result = await solveInForm(device, asked, p.cotangent, { tiling: { form, spill: true } });
      expect(result.form).toBe(form);
      expect(result.statuses).toEqual(["ok", "ok"]);
      const fine = { method: "dopri8", rtol: 1e-10, atol: 1e-10 } as const;
      const truth = referenceSolve(p, span, fine, referred);
      const bound = adaptiveBound(rtol, 0);
      expect(mixedError(result.z, truth.z)).toBeLessThan(bound);
      if (traced) expect(mixedError(result.delta, truth.delta)).toBeLessThan(bound);
      const errors = gradientErrors(p, result.gradient, referenceContinuous(p, span, fine, referred));
      // As for the state: a gradient is one more solve of that tolerance. At 1e-5 the oracle's own bound.
      const most = Math.max(bound, BOUNDS.converged);
      expect(errors.filter(([, error]) => !(error < most))).toEqual([]);
    },
  );
});
