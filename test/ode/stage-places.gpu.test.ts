/**
 * Weight gradients summed over several stages of a step at once: as by single stages, and as the float64 reference.
 * In Chromium on SwiftShader wide fields go in strips, in Node all go in blocks.
 */
import { expect, test } from "vitest";
import type { MlpOptions } from "../../src/field/spec.js";
import { tracePlan } from "../../src/field/trace.js";
import { Weights } from "../../src/field/weights.js";
import { BufferGroup } from "../../src/gpu/buffer.js";
import { DiscreteAdjoint } from "../../src/ode/discrete.js";
import { ForwardSolve } from "../../src/ode/forward.js";
import type { MethodName } from "../../src/ode/methods.js";
import { stepPlan } from "../../src/ode/plan.js";
import { runSteps } from "../../src/ode/runner.js";
import { testDevice } from "../support/device.js";
import { difference, SAME } from "../support/fused.js";
import { numbers } from "../support/tensors.js";
import { gradientError, type Problem, problem, referenceDiscrete, referenceTrace } from "./problems.js";

const span = { t0: 0.25, t1: 1.25 };

interface Steps {
  readonly method: MethodName;
  readonly steps: number;
}

/** Gradients of one solve by adjoints that hold that many stages each (undefined: as they choose). */
async function gradients(p: Problem, steps: Steps, epsilon: Float32Array, counts: (number | undefined)[]) {
  const device = await testDevice();
  const { batch, field, params, z0, cotangent } = p;
  using group = Object.assign(new BufferGroup(), {
    [Symbol.dispose](this: BufferGroup) {
      this.dispose();
    },
  });
  const weights = group.add(await Weights.create(device, field.spec, params));
  const trace = tracePlan({ kind: "hutchinson", epsilon }, field.dim, batch);
  const plan = stepPlan(steps);
  const options = { batch, plan, trace, keep: plan.fixedSteps };
  const forward = group.add(await ForwardSolve.create(device, { kind: "mlp", weights }, options));
  device.write(forward.state, z0);
  device.write(forward.interval, new Float32Array([span.t0, span.t1]));
  await runSteps(device, forward.steps());
  const results = [];
  for (const count of counts) {
    const adjoint = group.add(await DiscreteAdjoint.create(forward, count));
    device.write(adjoint.stateBar, cotangent.z);
    device.write(adjoint.deltaBar, cotangent.delta);
    const back = adjoint.steps(plan.fixedSteps);
    await runSteps(device, { ...back, end: [...(back.end ?? []), ...adjoint.ends()] });
    const [t0, t1] = await device.readF32(adjoint.intervalBar);
    results.push({
      params: (await device.readF32(adjoint.thetaBar)).slice(0, field.paramCount),
      z0: (await device.readF32(adjoint.stateBar)).slice(0, z0.length),
      t0: t0!,
      t1: t1!,
      sums: adjoint.step().filter((command) => "label" in command && command.label.includes("weight_grad"))
        .length,
    });
  }
  return results;
}

test.each([
  // Of seven stages six are used, one of them with b = 0. 111 rows a stage: 3 chunks, and with all stages 20.
  [
    "dopri5, gates, swish",
    { dim: 3, hidden: [12, 20], layer: "concatsquash", activation: "swish" },
    37,
    "dopri5",
    6,
  ],
  ["RK4, no gates, a residual", { dim: 2, hidden: [7], layer: "concat", residual: true }, 13, "rk4", 4],
  ["RK4, gates, wide layers", { dim: 17, hidden: [130], layer: "squash" }, 11, "rk4", 4],
] as [string, MlpOptions, number, MethodName, number][])(
  "%s, two probes, an odd batch: one sum a step, three, or one a stage",
  async (_, options, batch, method, used) => {
    const p = problem(options, batch, 61);
    const steps = { method, steps: 2 };
    const epsilon = numbers(2 * p.z0.length, 5);
    const counts = [undefined, used - 1, 1];
    const [all, parts, single] = await gradients(p, steps, epsilon, counts);
    expect([all!.sums, parts!.sums, single!.sums]).toEqual([1, 2, used]);
    const reference = referenceDiscrete(p, span, steps, referenceTrace(p, epsilon));
    for (const gradient of [all!, parts!]) {
      // The bound of all gradients in f32 (test/ode/gradient.gpu.test.ts).
      expect(gradientError(gradient, reference)).toBeLessThan(2e-4);
      // The same terms in another order; what does not go through these sums is the same to the bit.
      expect(difference(gradient.params, single!.params)).toBeLessThan(SAME);
      expect(gradient.z0).toEqual(single!.z0);
    }
  },
);
