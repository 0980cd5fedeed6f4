/** A fused solve with its gradient in a form of the test's choosing; `solve` takes the one that suits the device. */
import { tracePlan } from "../../src/field/trace.js";
import { Weights } from "../../src/field/weights.js";
import { BufferGroup } from "../../src/gpu/buffer.js";
import type { Device } from "../../src/gpu/device.js";
import { FusedContinuous } from "../../src/ode/fused-continuous.js";
import { FusedDiscrete } from "../../src/ode/fused-discrete.js";
import { FusedForward, type FusedOptions } from "../../src/ode/fused-forward.js";
import { stepPlan } from "../../src/ode/plan.js";
import { runSteps } from "../../src/ode/runner.js";
import type { SolveOptions } from "../../src/ode/solve.js";

/** Cotangents of z(t1) [B, D] and of Δ(t1) [B]. */
export interface Cotangent {
  readonly z: Float32Array;
  readonly delta: Float32Array;
}

/** @param options of an MLP field, with `gradient` "discrete" or "continuous" */
export async function solveInForm(
  device: Device,
  options: SolveOptions & { gradient: "discrete" | "continuous" },
  cotangent: Cotangent,
  how: Pick<FusedOptions, "tiling" | "tapeBytes">,
) {
  const { field, z0, t0, t1, trace, gradient } = options;
  if (field.kind !== "mlp") throw new Error("the fused path takes MLP fields");
  const [size, batch] = [z0.length, z0.length / field.dim];
  const discrete = gradient === "discrete";
  const plan = stepPlan(options, 512);
  const group = new BufferGroup();
  try {
    const weights = group.add(await Weights.create(device, field.spec, options.params));
    const traced = trace && tracePlan(trace, field.dim, batch);
    const keep = discrete ? plan.maxSteps : 0;
    const forward = group.add(
      await FusedForward.create(device, weights, {
        batch,
        plan,
        trace: traced,
        keep,
        cotangents: !discrete,
        ...how,
      }),
    );
    device.write(forward.state, z0);
    device.write(forward.interval, new Float32Array([t0, t1]));
    const { status, accepted } = await runSteps(device, forward.steps());
    const state = await device.readF32(forward.state);
    const adjoint = group.add(
      discrete ? await FusedDiscrete.create(forward) : await FusedContinuous.create(forward, plan),
    );
    device.write(adjoint.stateBar, cotangent.z);
    device.write(adjoint.deltaBar, cotangent.delta);
    const back = adjoint.steps();
    const done = await runSteps(device, { ...back, end: [...(back.end ?? []), ...adjoint.ends()] });
    const [params, bar, ends] = await Promise.all(
      [adjoint.thetaBar, adjoint.stateBar, adjoint.intervalBar].map((part) => device.readF32(part)),
    );
    return {
      form: forward.fused.form,
      spill: forward.fused.spill,
      taped: forward.taped,
      statuses: [status, done.status],
      accepted,
      z: state.slice(0, size),
      delta: state.slice(forward.deltaAt, forward.deltaAt + batch),
      gradient: {
        params: params!.slice(0, field.paramCount),
        z0: bar!.slice(0, size),
        t0: ends![0]!,
        t1: ends![1]!,
      },
    };
  } finally {
    group.dispose();
  }
}
