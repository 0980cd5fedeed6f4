/** RNODE's regularisers in float64 (Finlay et al. 2020, arXiv:2002.02798): see src/ode/regularise.ts. */
import type { MlpSpec } from "../field/spec.js";
import { method as methodNamed } from "../ode/methods.js";
import type { Regularisers } from "../ode/regularise.js";
import { evaluate, type FieldValue } from "./field.js";
import type { AcceptedStep, SolveOptions } from "./integrate.js";
import { combine } from "./runge-kutta.js";
import type { JointSolution } from "./solve.js";
import type { Trace } from "./trace.js";

/** The stages of a step of a joint solve, computed again from its state. */
export function stagesOf(
  spec: MlpSpec,
  theta: Float64Array,
  trace: Trace,
  { t, dt, y }: AcceptedStep,
  method: SolveOptions["method"],
  size: number,
): FieldValue[] {
  const { a, c, stages } = methodNamed(method);
  const values: FieldValue[] = [];
  const k: Float64Array[] = [];
  for (let i = 0; i < stages; i++) {
    const point = combine(y.subarray(0, size), dt, a[i]!, k);
    values.push(evaluate(spec, theta, t + c[i]! * dt, point, trace.tangents));
    k.push(values[i]!.f);
  }
  return values;
}

/** |f|² and w Σ_k |J ε_k|² of each row: [B]. */
export function stageRegularity({ batch, f, df }: FieldValue, trace: Trace) {
  const dim = f.length / batch;
  const squares = (vectors: readonly Float64Array[]) =>
    Float64Array.from({ length: batch }, (_, n) =>
      vectors.reduce((sum, v) => v.subarray(n * dim, (n + 1) * dim).reduce((s, x) => s + x * x, sum), 0),
    );
  const images = df.slice(0, trace.tangents.length);
  return { kinetic: squares([f]), jacobian: squares(images).map((v) => trace.weight * v) };
}

/** Both integrals of each row [B], by the stages of the solve. */
export function regularity(
  spec: MlpSpec,
  theta: Float64Array,
  trace: Trace,
  forward: JointSolution,
  method: SolveOptions["method"],
): { kinetic: Float64Array; jacobian: Float64Array } {
  const { b } = methodNamed(method);
  const kinetic = new Float64Array(forward.delta.length);
  const jacobian = new Float64Array(forward.delta.length);
  for (const step of forward.solution.steps) {
    stagesOf(spec, theta, trace, step, method, forward.z.length).forEach((value, i) => {
      const here = stageRegularity(value, trace);
      here.kinetic.forEach((v, n) => {
        kinetic[n]! += step.dt * b[i]! * v;
      });
      here.jacobian.forEach((v, n) => {
        jacobian[n]! += step.dt * b[i]! * v;
      });
    });
  }
  return { kinetic, jacobian };
}

/** λ_K mean kinetic + λ_J mean jacobian: what joins the loss. */
export function penalty({ kinetic, jacobian }: ReturnType<typeof regularity>, weights: Regularisers): number {
  const mean = (v: Float64Array) => v.reduce((sum, x) => sum + x, 0) / v.length;
  return weights.kinetic * mean(kinetic) + weights.jacobian * mean(jacobian);
}
