/**
 * Continuous adjoint (Chen et al. 2018, arXiv:1806.07366, algorithm 2): z and its cotangent a are integrated back
 * from t1 to t0,  dz/dt = f,  da/dt = −∂g/∂z  with  g = aᵀf − a_Δ tr.  θ̄ and the explicit time are quadratures
 * over the stages: they never enter the state or its error norm ("Hey, that's not an ODE", arXiv:2009.09457).
 * Each stage adds its weight gradients by itself, other than in the discrete adjoint: the solver, which owns the order of the
 * stages and evaluates outside of steps too, sees a field with one place for points, and a stage weighs h b, which its seeds
 * do not carry.
 */

import { MlpProgram } from "../field/mlp-program.js";
import { MlpReverse } from "../field/mlp-reverse.js";
import { type FieldProgram, type Planes, planesView, type StagePlace } from "../field/program.js";
import { weightCount } from "../field/weights.js";
import { commitGrad as commitModule } from "../generated/field/commit_grad.js";
import { trace as traceModule } from "../generated/field/trace.js";
import { adjointTime as timeModule } from "../generated/ode/adjoint_time.js";
import { intervalGrad as intervalModule } from "../generated/ode/interval_grad.js";
import { type Buffer, BufferGroup } from "../gpu/buffer.js";
import { FjordError } from "../gpu/errors.js";
import type { KernelOf } from "../gpu/kernel.js";
import { type Command, clear, copy, foldedGrid } from "../gpu/submit.js";
import type { Adjoint } from "./execution.js";
import type { ForwardSolve } from "./forward.js";
import type { StepPlan } from "./plan.js";
import { regulariserShares } from "./regularise.js";
import type { Steps } from "./runner.js";
import { Stepper } from "./stepper.js";

/** The augmented field: plane 0 of the state is z, plane 1 is a. */
class AugmentedField implements FieldProgram {
  readonly batch: number;
  readonly dim: number;
  readonly input: Planes;
  readonly output: Planes;

  constructor(
    readonly program: MlpProgram,
    readonly reverse: MlpReverse,
    private readonly deltaBar: Buffer,
  ) {
    this.batch = program.batch;
    this.dim = program.dim;
    this.input = program.input;
    this.output = program.output;
  }

  evaluate({ index, b, c }: StagePlace): Command[] {
    const { program, reverse, deltaBar } = this;
    const field = [...program.timeVectors(c), ...program.layers()];
    const sweep = [...reverse.seedProbes({ deltaBar }), ...reverse.sweep()];
    // A stage without weight adds nothing, but the first of a tentative step must start the sum.
    const counts = b !== 0 || (reverse.options.tentative && index === 0);
    return [...field, ...sweep, ...(counts ? reverse.accumulate({ b, c, first: index === 0 }) : [])];
  }
}

export class ContinuousAdjoint implements Adjoint {
  private constructor(
    readonly forward: ForwardSolve,
    readonly plan: StepPlan,
    readonly stepper: Stepper,
    readonly program: MlpProgram,
    readonly reverse: MlpReverse,
    private readonly field: AugmentedField,
    private readonly made: Made,
    private readonly kernels: Kernels,
    private readonly buffers: BufferGroup,
  ) {}

  static async create(forward: ForwardSolve, plan: StepPlan): Promise<ContinuousAdjoint> {
    const { device, integrand, options } = forward;
    if (integrand.kind !== "mlp") {
      throw new FjordError(
        "not-differentiable",
        "A WGSL field has no reverse sweep.",
        "Use an MLP field for gradients.",
      );
    }
    const { batch, dim } = forward.stepper.shape;
    const traced = options.trace ? 1 : 0;
    const [time, trace, interval, commit] = await Promise.all([
      device.kernel(timeModule, "main", { TRACE: traced, WHOLE: 1 }),
      device.kernel(traceModule, "main"),
      device.kernel(intervalModule, "main"),
      device.kernel(commitModule, "main"),
    ]);
    return BufferGroup.filled(async (buffers) => {
      const make = (label: string, words: number) =>
        buffers.add(device.buffer({ label: `adjoint ${label}`, size: words * 4 }));
      const made: Made = {
        deltaBar: make("delta bar", batch),
        minusTrace: make("minus trace", batch),
        endBar: make("end bar", batch),
        intervalBar: make("interval bar", 2),
      };
      const tentative = plan.fixedSteps === 0;
      const onStep: Command[] = [];
      const stepper = buffers.add(
        await Stepper.create(
          device,
          {
            plan,
            trace: false,
            keep: 0,
            furtherPlanesCount: true,
            reuseLastStage: false,
            extraEvaluations: 1,
            onStep,
          },
          { batch, dim, planes: 2 },
        ),
      );
      const shape = {
        batch,
        tangents: 0,
        probes: options.trace?.probes ?? 0,
        traceWeight: options.trace?.weight ?? 0,
        store: true,
        cotangentPlane: true,
        form: options.form,
      };
      const program = buffers.add(await MlpProgram.create(device, integrand.weights, shape, stepper.control));
      const reverse = buffers.add(
        await MlpReverse.create(program, { sign: -1, quadrature: true, tentative }),
      );
      if (tentative) {
        const params = { length4: reverse.targetWords / 4 };
        const grid = foldedGrid(Math.ceil(reverse.targetWords / 4 / 64));
        onStep.push(commit.bind({ params, control: stepper.control, partial: reverse.partial }, grid));
      }
      // The cotangent of a mean over the batch is of size 1/B: so is the absolute error it may have.
      device.write(stepper.scale, new Float32Array([1 / batch]));
      const field = new AugmentedField(program, reverse, made.deltaBar);
      stepper.use(field);
      const kernels = { time, trace, interval };
      return new ContinuousAdjoint(forward, plan, stepper, program, reverse, field, made, kernels, buffers);
    });
  }

  /** f32 [B, D]: dL/dz(t1) before the reverse solve, dL/dz0 after it. */
  get stateBar() {
    const words = this.#stateWords;
    return { buffer: this.stepper.state, offset: words * 4, size: words * 4 };
  }

  get deltaBar(): Buffer {
    return this.made.deltaBar;
  }

  get thetaBar(): Buffer {
    return this.reverse.thetaBar;
  }

  get control(): Buffer {
    return this.stepper.control;
  }

  /** f32 [2]: dL/dt0, dL/dt1. */
  get intervalBar(): Buffer {
    return this.made.intervalBar;
  }

  get #stateWords(): number {
    return this.field.batch * this.field.dim;
  }

  /** State (z(t1), a(t1)), time from t1 to t0, probes as in the forward solve, dL/dt1 from the field at t1. */
  begin(): Command[] {
    const { forward, stepper, program, reverse, made } = this;
    const source = forward.program as MlpProgram;
    const commands: Command[] = [
      clear(made.endBar),
      copy(forward.stepper.state.words(0, this.#stateWords), stepper.state.words(0, this.#stateWords)),
      copy(forward.stepper.interval.words(0, 1), stepper.interval.words(1, 1)),
      copy(forward.stepper.interval.words(1, 1), stepper.interval.words(0, 1)),
    ];
    if (forward.probes) {
      commands.push(copy(source.probesOf(0), program.probesOf(0)));
    }
    // The first evaluation is at t1 whether or not the first-step rule needs one: dL/dt1 comes from it.
    commands.push(...stepper.beginAt0(), ...this.#endBar(), ...stepper.begin(), ...reverse.begin());
    return commands;
  }

  /** a·f − a_Δ tr per sample, from the evaluation under way. */
  #endBar(): Command[] {
    const { stepper, program, made, forward } = this;
    const { batch, dim, ld } = program;
    const { control } = stepper;
    const commands: Command[] = [];
    if (forward.options.trace) {
      const params = {
        samples: batch,
        probes: program.shape.probes,
        ld4: ld / 4,
        probe_at: program.probesAt / 4,
        image_at: program.imagesAt / 4,
        weight: program.shape.traceWeight,
      };
      const operands = { params, control, acts: program.acts, derivative: made.minusTrace };
      commands.push(this.kernels.trace.bind(operands, foldedGrid(Math.ceil(batch / 64))));
    }
    const params = {
      samples: batch,
      dim,
      ld,
      kappa_at: this.#stateWords,
      b: 1,
      slots: 0,
      ...regulariserShares(undefined, batch, 0),
    };
    const operands = {
      params,
      control,
      bars: stepper.state,
      value: planesView(program.output),
      minus_trace: made.minusTrace,
      a_delta: made.deltaBar,
      end_bar: made.endBar,
    };
    commands.push(this.kernels.time.bind(operands, foldedGrid(Math.ceil(batch / 64))));
    return commands;
  }

  ends(): Command[] {
    const { reverse, made, program } = this;
    const params = { samples: program.batch, parameters: program.weights.packing.paramCount };
    const operands = {
      params,
      end_bar: made.endBar,
      theta_bar: reverse.thetaBar,
      interval_bar: made.intervalBar,
    };
    return [this.kernels.interval.bind(operands, [1, 1, 1])];
  }

  steps(): Steps {
    const { stepper, plan, program } = this;
    const work =
      4 * program.slots * program.batch * weightCount(program.weights) * stepper.evaluationsPerStep;
    const count = plan.fixedSteps > 0 ? plan.fixedSteps : undefined;
    const step = stepper.step();
    return {
      begin: this.begin(),
      at: () => step,
      end: this.reverse.reduce(),
      count,
      work,
      control: stepper.control,
    };
  }

  dispose(): void {
    this.buffers.dispose();
  }
}

interface Made {
  readonly deltaBar: Buffer;
  readonly minusTrace: Buffer;
  readonly endBar: Buffer;
  readonly intervalBar: Buffer;
}

interface Kernels {
  readonly time: KernelOf<typeof timeModule, "main">;
  readonly trace: KernelOf<typeof traceModule, "main">;
  readonly interval: KernelOf<typeof intervalModule, "main">;
}
