/** Judges a "field" case: one evaluation, its Jacobian products, traces and their gradients. */
import { type EvaluateOptions, evaluate } from "../../../src/field/evaluate.js";
import { mlp } from "../../../src/field/mlp.js";
import type { MlpSpec } from "../../../src/field/spec.js";
import type { TraceOptions } from "../../../src/field/trace.js";
import type { Device } from "../../../src/gpu/device.js";
import { type FieldCase, fieldOf, flatParams, type OracleFieldGradient } from "../../support/cases.js";
import { BOUNDS, Findings, f32, type Judge } from "./judgement.js";

const EXACT: TraceOptions = { kind: "exact" };

export const judgeField: Judge<FieldCase> = async (device, oracle) => {
  const { inputs, results } = oracle;
  const { spec, theta } = fieldOf(oracle);
  const found = new Findings();
  const z = f32(inputs.z);
  const at = { field: mlp(spec), params: Float32Array.from(theta), t: inputs.t, z };
  await judgeValues(device, oracle, at, found);

  for (const [probe, epsilon, expected] of [
    ["Rademacher", inputs.eps_rademacher, results.div_hutch_rademacher],
    ["Gaussian", inputs.eps_gaussian, results.div_hutch_gaussian],
  ] as const) {
    if (!epsilon || !expected) continue;
    const trace = { kind: "hutchinson", epsilon: f32(epsilon) } as const;
    const { trace: estimate } = await evaluate(device, { ...at, trace });
    found.compare("Hutchinson", probe, estimate, expected, BOUNDS.value);
  }

  if (inputs.w) {
    const { gradient } = await evaluate(device, { ...at, cotangent: { f: f32(inputs.w) } });
    if (results.vjp) found.compare("vjp", "", gradient!.z, results.vjp, BOUNDS.value);
    judgeGradient(found, "w f", spec, gradient!, results.grad_of_sum_w_f);
  }
  if (inputs.c) {
    const cotangent = { trace: f32(inputs.c) };
    const exact = await evaluate(device, { ...at, trace: EXACT, cotangent });
    judgeGradient(found, "c tr J", spec, exact.gradient!, results.grad_of_sum_c_div_exact);
    if (inputs.eps_rademacher) {
      const trace = { kind: "hutchinson", epsilon: f32(inputs.eps_rademacher) } as const;
      const estimated = await evaluate(device, { ...at, trace, cotangent });
      const expected = results.grad_of_sum_c_div_hutch_rademacher;
      judgeGradient(found, "c εᵀJε", spec, estimated.gradient!, expected);
    }
  }
  return found;
};

/** f, J v, the whole Jacobian and its trace, from one evaluation with 1 + D tangents and the exact trace. */
async function judgeValues(
  device: Device,
  { inputs, results }: FieldCase,
  at: EvaluateOptions,
  found: Findings,
): Promise<void> {
  const { dim } = at.field;
  const size = at.z.length;
  const batch = size / dim;
  const first = inputs.v ? 1 : 0;
  const tangents = new Float32Array((first + dim) * size);
  if (inputs.v) tangents.set(f32(inputs.v));
  for (let j = 0; j < dim; j++) {
    for (let n = 0; n < batch; n++) tangents[(first + j) * size + n * dim + j] = 1;
  }
  const value = await evaluate(device, { ...at, tangents, trace: EXACT });
  found.compare("f", "", value.f, results.f, BOUNDS.value);
  found.compare("tr J", "", value.trace, results.div_exact, BOUNDS.value);
  if (results.jvp) found.compare("jvp", "", value.tangents.subarray(0, size), results.jvp, BOUNDS.value);
  // [n][i][j] = ∂f_i/∂z_j lies in plane j.
  const jacobian = new Float32Array(batch * dim * dim);
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) {
        jacobian[(n * dim + i) * dim + j] = value.tangents[(first + j) * size + n * dim + i]!;
      }
    }
  }
  found.compare("J", "", jacobian, results.jacobian, BOUNDS.value);
}

function judgeGradient(
  found: Findings,
  of: string,
  spec: MlpSpec,
  actual: { readonly params: Float32Array; readonly z: Float32Array; readonly t: number },
  expected: OracleFieldGradient | undefined,
): void {
  if (!expected) return;
  found.gradient(`∇Σ ${of}`, "z", actual.z, expected.z);
  found.gradient(`∇Σ ${of}`, "t", [actual.t], expected.t);
  if (expected.params) found.params(`∇Σ ${of}`, "", spec, actual.params, flatParams(spec, expected.params));
}
