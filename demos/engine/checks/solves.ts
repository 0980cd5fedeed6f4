/** Fields, solves and their gradients on the device against the float64 reference, on the same float32 inputs. */
import {
  evaluate,
  LAYER_TYPES,
  type LayerType,
  METHOD_NAMES,
  METHODS,
  type MethodName,
  mlp,
  reference,
  solve,
  wgslField,
} from "fjordgpu";
import { compare, spread, together } from "../numbers.js";
import type { Check } from "./check.js";

const BATCH = 5;

const f64 = (values: ArrayLike<number>) => Float64Array.from(values);

/** A small field with weights in ±0.9, points, and cotangents of the end. */
function problem(layer: LayerType) {
  const field = mlp({ dim: 2, hidden: [8, 8], layer, activation: "tanh" });
  return {
    field,
    params: spread(field.paramCount, 41, 0.9),
    z: spread(2 * BATCH, 42),
    cotangent: { z: spread(2 * BATCH, 43), delta: spread(BATCH, 44) },
  };
}

/** f, the trace, and the gradient of Σ w f + Σ c tr. */
function fieldCheck(layer: LayerType): Check {
  return {
    group: "fields",
    name: `layer ${layer}`,
    unit: "relative",
    // What float32 leaves of three layers, and of the sums over weights in the gradient.
    bound: 2e-4,
    measure: async (device) => {
      const { field, params, z, cotangent } = problem(layer);
      const t = 0.375;
      const actual = await evaluate(device, {
        field,
        params,
        t,
        z,
        trace: { kind: "exact" },
        cotangent: { f: cotangent.z, trace: cotangent.delta },
      });
      const trace = reference.exactTrace(BATCH, 2);
      const value = reference.evaluate(field.spec, f64(params), t, f64(z), trace.tangents);
      const seeds = reference.traceSeeds(trace, f64(cotangent.delta));
      const back = reference.reverse(field.spec, f64(params), value, f64(cotangent.z), seeds);
      return together(
        compare("relative", actual.f, value.f),
        compare("relative", actual.trace, reference.divergence(value, trace)),
        compare("relative", actual.gradient!.params, back.theta),
        compare("relative", actual.gradient!.z, back.z),
      );
    },
  };
}

/** Duffing's oscillator x″ = x − x³: sums and products only, since WGSL's own sin may be off by 2^-11. */
const OSCILLATOR = {
  field: wgslField({
    dim: 2,
    code: "fn field(t: f32, z: State) -> State { return State(z[1], z[0] - z[0] * z[0] * z[0]); }",
  }),
  f: (_: number, z: Float64Array) =>
    z.map((_value, i) => (i % 2 === 0 ? z[i + 1]! : z[i - 1]! - z[i - 1]! ** 3)),
};

/** Fixed steps of one method, on oscillators of different starts. */
function methodCheck(method: MethodName): Check {
  return {
    group: "solves",
    name: `${method}, order ${METHODS[method].order}, 12 steps`,
    unit: "relative",
    bound: 3e-5,
    measure: async (device) => {
      const z0 = spread(2 * BATCH, 51);
      const { z } = await solve(device, {
        field: OSCILLATOR.field,
        params: new Float32Array(),
        z0,
        t0: 0,
        t1: 3,
        method,
        steps: 12,
      });
      return compare(
        "relative",
        z,
        reference.integrate(OSCILLATOR.f, 0, 3, f64(z0), { method, steps: 12 }).y,
      );
    },
  };
}

const ADAPTIVE: Check = {
  group: "solves",
  name: "dopri5, adaptive at 10⁻⁵, with trace",
  unit: "relative",
  // A solve of a smooth field ends within about ten times its tolerance.
  bound: 1e-4,
  measure: async (device) => {
    const { field, params, z: z0 } = problem("concatsquash");
    const actual = await solve(device, { field, params, z0, t0: 0, t1: 1, trace: { kind: "exact" } });
    const trace = reference.exactTrace(BATCH, 2);
    const exact = reference.solve(field.spec, f64(params), trace, 0, 1, f64(z0), {
      method: "dopri5",
      rtol: 1e-10,
      atol: 1e-10,
    });
    return together(compare("relative", actual.z, exact.z), compare("relative", actual.delta!, exact.delta));
  },
};

/** dL/dθ, dL/dz0 of a solve by six steps of rk4, against the reference's gradient of the same kind. */
function gradientCheck(gradient: "discrete" | "continuous"): Check {
  return {
    group: "gradients",
    name: `${gradient} adjoint of rk4, 6 steps`,
    unit: "relative",
    bound: 2e-4,
    measure: async (device) => {
      const { field, params, z: z0, cotangent } = problem("concatsquash");
      const options = { method: "rk4", steps: 6 } as const;
      const solved = await solve(device, {
        field,
        params,
        z0,
        t0: 0,
        t1: 1,
        ...options,
        trace: { kind: "exact" },
        gradient,
      });
      const actual = await solved.backward(cotangent);
      solved.dispose();
      const theta = f64(params);
      const trace = reference.exactTrace(BATCH, 2);
      const forward = reference.solve(field.spec, theta, trace, 0, 1, f64(z0), options);
      const end = { z: f64(cotangent.z), delta: f64(cotangent.delta) };
      const expected =
        gradient === "discrete"
          ? reference.discreteGradient(field.spec, theta, trace, forward, options, end)
          : reference.continuousGradient(field.spec, theta, trace, { t0: 0, t1: 1 }, forward.z, options, end);
      return together(
        compare("relative", actual.params, expected.theta),
        compare("relative", actual.z0, expected.z0),
      );
    },
  };
}

export const SOLVE_CHECKS: readonly Check[] = [
  ...LAYER_TYPES.map(fieldCheck),
  ...METHOD_NAMES.map(methodCheck),
  ADAPTIVE,
  gradientCheck("discrete"),
  gradientCheck("continuous"),
];
