/**
 * The forward solve of one batch shape: weights, probes, field program and stepper put together once, run as often
 * as wanted. Flow and training keep one of these per shape; `solve` makes one for a single call.
 */

import { MlpProgram } from "../field/mlp-program.js";
import type { FieldProgram } from "../field/program.js";
import { ProbeSource, type TracePlan } from "../field/trace.js";
import { type Weights, weightCount } from "../field/weights.js";
import type { WgslField } from "../field/wgsl.js";
import { WgslProgram } from "../field/wgsl-program.js";
import { type Buffer, BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { type Command, clear } from "../gpu/submit.js";
import type { ProductForm } from "./calibration.js";
import type { Forward } from "./execution.js";
import type { StepPlan } from "./plan.js";
import type { Regularisers } from "./regularise.js";
import type { Steps } from "./runner.js";
import { Stepper } from "./stepper.js";

/** What is integrated: an MLP with its weights, or a field written in WGSL with its parameters. */
export type Integrand =
  | { readonly kind: "mlp"; readonly weights: Weights }
  | { readonly kind: "wgsl"; readonly field: WgslField; readonly params: Float32Array };

export interface ForwardOptions {
  readonly batch: number;
  readonly plan: StepPlan;
  readonly trace?: TracePlan;
  /** M: tangents carried as part of the state. */
  readonly tangents?: number;
  /** Accepted steps whose stage points are kept; 0: none. */
  readonly keep?: number;
  readonly record?: { readonly times: number } | { readonly steps: number };
  /** Key of the probes, when the GPU advances it. */
  readonly probeKey?: Buffer;
  /** What the discrete adjoint that follows adds to the loss. */
  readonly regularise?: Regularisers;
  /** Of an MLP's products; default what suits the device. */
  readonly form?: ProductForm;
}

export class ForwardSolve implements Forward {
  readonly path = "layered";
  readonly nll = undefined;

  private constructor(
    readonly device: Device,
    readonly integrand: Integrand,
    readonly options: ForwardOptions,
    readonly stepper: Stepper,
    readonly program: FieldProgram,
    readonly probes: ProbeSource | undefined,
    /** Multiply-adds of one evaluation. */
    readonly work: number,
    private readonly group: BufferGroup,
  ) {}

  static async create(device: Device, integrand: Integrand, options: ForwardOptions): Promise<ForwardSolve> {
    const { batch, plan, trace, tangents = 0, keep = 0, record, probeKey } = options;
    const dim = integrand.kind === "mlp" ? integrand.weights.packing.spec.dim : integrand.field.dim;
    return BufferGroup.filled(async (group) => {
      const stepper = group.add(
        await Stepper.create(
          device,
          { plan, trace: trace !== undefined, keep, record, furtherPlanesCount: false, reuseLastStage: true },
          { batch, dim, planes: 1 + tangents },
        ),
      );
      if (integrand.kind === "wgsl") {
        const { field, params } = integrand;
        const shape = { batch, tangents };
        const program = group.add(await WgslProgram.create(device, field, params, shape, stepper.control));
        stepper.use(program);
        return new ForwardSolve(device, integrand, options, stepper, program, undefined, batch * 64, group);
      }
      const shape = {
        batch,
        tangents,
        probes: trace?.probes ?? 0,
        traceWeight: trace?.weight ?? 0,
        store: false,
        cotangentPlane: false,
        form: options.form,
      };
      const program = group.add(await MlpProgram.create(device, integrand.weights, shape, stepper.control));
      stepper.use(program);
      const probes = trace && group.add(await ProbeSource.create(device, trace, probeKey));
      const work = program.slots * batch * weightCount(integrand.weights);
      return new ForwardSolve(device, integrand, options, stepper, program, probes, work, group);
    });
  }

  get batch(): number {
    return this.stepper.shape.batch;
  }

  get dim(): number {
    return this.stepper.shape.dim;
  }

  get state(): Buffer {
    return this.stepper.state;
  }

  get deltaAt(): number {
    return this.stepper.deltaAt;
  }

  get interval(): Buffer {
    return this.stepper.interval;
  }

  get control(): Buffer {
    return this.stepper.control;
  }

  /** Fills the probe planes, starts Δ at 0 and the control block at t0. */
  begin(): Command[] {
    const { stepper, probes, program, options } = this;
    const fill = probes && program instanceof MlpProgram ? probes.fill(program) : [];
    return [...(options.trace ? [clear(stepper.delta)] : []), ...fill, ...stepper.begin()];
  }

  steps(): Steps {
    const { stepper, options, work } = this;
    const step = stepper.step();
    return {
      begin: this.begin(),
      at: () => step,
      count: options.plan.fixedSteps > 0 ? options.plan.fixedSteps : undefined,
      work: work * stepper.evaluationsPerStep,
      control: stepper.control,
    };
  }

  dispose(): void {
    this.group.dispose();
  }
}
