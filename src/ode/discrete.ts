/**
 * Discrete adjoint: the exact gradient of the numbers a solve computed (discretise, then differentiate).
 * The forward solve kept every stage's point Z_i; a reverse step recomputes the field there with its tangents,
 * seeds one reverse sweep with h κ_i and −h b_i a_Δ ε (and what regularisers add), and hands Z̄_i to the stages before it.
 * Stages have places of their own in the arenas, as many as memory allows; the weights' gradients of all places are summed
 * by one dispatch.
 */

import { arenaPlan, cotangentPlan, stagesAtOnce } from "../field/arenas.js";
import { bindable, MlpProgram } from "../field/mlp-program.js";
import { MlpReverse } from "../field/mlp-reverse.js";
import { planesView } from "../field/program.js";
import { weightCount } from "../field/weights.js";
import { adjointStage as stageModule } from "../generated/ode/adjoint_stage.js";
import { adjointTime as timeModule } from "../generated/ode/adjoint_time.js";
import { control as controlModule } from "../generated/ode/control.js";
import { intervalGrad as intervalModule } from "../generated/ode/interval_grad.js";
import { type Buffer, BufferGroup } from "../gpu/buffer.js";
import { FjordError } from "../gpu/errors.js";
import type { KernelOf } from "../gpu/kernel.js";
import { type Command, clear, copy, foldedGrid } from "../gpu/submit.js";
import { CONTROL_BYTES, SETTINGS_BYTES, settingsBytes } from "./control.js";
import type { Adjoint } from "./execution.js";
import type { ForwardSolve } from "./forward.js";
import { usedStages } from "./plan.js";
import { regulariserShares } from "./regularise.js";
import type { Steps } from "./runner.js";

export class DiscreteAdjoint implements Adjoint {
  /** f32 [B, D]: dL/dz(t1) before the reverse pass, dL/dz0 after it. */
  get stateBar() {
    return this.bars.words(
      this.stateBarAt,
      this.forward.stepper.shape.batch * this.forward.stepper.shape.dim,
    );
  }
  /** f32 [B]: dL/dΔ(t1). */
  readonly deltaBar: Buffer;
  /** f32 [2]: dL/dt0, dL/dt1. */
  readonly intervalBar: Buffer;
  private readonly stateBarAt: number;

  private constructor(
    readonly forward: ForwardSolve,
    readonly program: MlpProgram,
    readonly reverse: MlpReverse,
    readonly control: Buffer,
    private readonly bars: Buffer,
    private readonly made: Made,
    private readonly kernels: Kernels,
    private readonly buffers: BufferGroup,
  ) {
    const { batch, dim } = forward.stepper.shape;
    this.stateBarAt = forward.stepper.method.stages * batch * dim;
    this.deltaBar = made.deltaBar;
    this.intervalBar = made.intervalBar;
  }

  get thetaBar(): Buffer {
    return this.reverse.thetaBar;
  }

  get #used(): number[] {
    return usedStages(this.forward.stepper);
  }

  /**
   * The forward solve must keep its points and carry no tangents.
   * @param stages whose weight gradients are summed at once; default: as many as memory allows
   */
  static async create(forward: ForwardSolve, stages?: number): Promise<DiscreteAdjoint> {
    const { device, integrand, stepper, options } = forward;
    if (integrand.kind !== "mlp") {
      throw new FjordError(
        "not-differentiable",
        "A WGSL field has no reverse sweep.",
        "Use an MLP field for gradients.",
      );
    }
    const { batch, dim } = stepper.shape;
    const { regularise } = options;
    const used = usedStages(stepper).length;
    const traced = options.trace ? 1 : 0;
    const [stage, last, time, begin, retreat, interval] = await Promise.all([
      device.kernel(stageModule, "main", { LAST: 0 }),
      device.kernel(stageModule, "main", { LAST: 1 }),
      device.kernel(timeModule, "main", { TRACE: traced, WHOLE: 0, ...(regularise && { REGULARISE: 1 }) }),
      device.kernel(controlModule, "begin_reverse"),
      device.kernel(controlModule, "retreat"),
      device.kernel(intervalModule, "main"),
    ]);
    return BufferGroup.filled(async (buffers) => {
      const make = (label: string, words: number) =>
        buffers.add(device.buffer({ label: `adjoint ${label}`, size: Math.max(words, 4) * 4 }));
      const control = make("control", CONTROL_BYTES / 4);
      const bars = make("stage cotangents", (stepper.method.stages + 2) * batch * dim);
      const made: Made = {
        settings: make("settings", SETTINGS_BYTES / 4),
        deltaBar: make("delta bar", batch),
        minusTrace: make("minus trace", batch),
        endBar: make("end bar", batch),
        intervalBar: make("interval bar", 2),
      };
      const shape = {
        batch,
        tangents: 0,
        probes: options.trace?.probes ?? 0,
        traceWeight: options.trace?.weight ?? 0,
        store: true,
        cotangentPlane: true,
        form: options.form,
      };
      const { packing } = integrand.weights;
      const words = (count: number) => {
        const arenas = { ...shape, slots: 1 + shape.probes, stages: count };
        return { acts: arenaPlan(packing, arenas).actsSize, cots: cotangentPlan(packing, arenas).size };
      };
      const places = { ...shape, stages: stages ?? stagesAtOnce(used, words, bindable(device)) };
      const program = buffers.add(await MlpProgram.create(device, integrand.weights, places, control));
      const reverse = buffers.add(
        await MlpReverse.create(program, { sign: 1, quadrature: false, tentative: false, regularise }),
      );
      device.write(made.settings, reverseSettings(used));
      const kernels = { stage, last, time, begin, retreat, interval };
      return new DiscreteAdjoint(forward, program, reverse, control, bars, made, kernels, buffers);
    });
  }

  /** Probes as in the forward solve, sums at zero, control at the last step. */
  begin(): Command[] {
    const { forward, reverse, made, control } = this;
    const { stepper, probes } = forward;
    const fill = probes ? this.#sameProbes() : [];
    const begin = this.kernels.begin.bind(
      { control, steps: stepper.steps, forward: stepper.control },
      [1, 1, 1],
    );
    return [clear(made.endBar), ...reverse.begin(), ...fill, begin];
  }

  /** Stages with a place each. */
  get #places(): number {
    return this.program.shape.stages ?? 1;
  }

  /** The forward program's probe planes, copied to all places: the same numbers whatever made them. */
  #sameProbes(): Command[] {
    const { forward, program } = this;
    const source = (forward.program as MlpProgram).probesOf(0);
    return Array.from({ length: this.#places }, (_, place) => copy(source, program.probesOf(place)));
  }

  /** One step backward. */
  step(): Command[] {
    const { forward, program, reverse, kernels, made } = this;
    const used = this.#used;
    const { method } = forward.stepper;
    const commands: Command[] = [];
    let taken = method.stages;
    used.forEach((i, n) => {
      const place = n % this.#places;
      const [b, c] = [method.b[i]!, method.c[i]!];
      commands.push(this.#stage(kernels.stage, i, taken, place));
      const minusTrace = forward.options.trace ? made.minusTrace : undefined;
      commands.push(...program.evaluate({ index: i, c, b, minusTrace }, place), this.#time(i));
      commands.push(...reverse.seedProbes({ deltaBar: made.deltaBar, b, place }), ...reverse.sweep(place));
      // The seeds carry the weight of their stage: the stages add up as they are.
      const share = { b, c, first: false };
      commands.push(reverse.vectors(share, place));
      if (place + 1 === this.#places || n + 1 === used.length)
        commands.push(reverse.weights(place + 1, share));
      taken = i;
    });
    commands.push(this.#stage(kernels.last, 0, taken, 0));
    const { steps } = forward.stepper;
    const { settings } = made;
    commands.push(kernels.retreat.bind({ settings, control: this.control, steps }, [1, 1, 1]));
    return commands;
  }

  ends(): Command[] {
    const { reverse, made, forward } = this;
    const params = {
      samples: forward.stepper.shape.batch,
      parameters: this.program.weights.packing.paramCount,
    };
    const operands = {
      params,
      end_bar: made.endBar,
      theta_bar: reverse.thetaBar,
      interval_bar: made.intervalBar,
    };
    return [this.kernels.interval.bind(operands, [1, 1, 1])];
  }

  /** `count`: accepted steps of the forward solve. */
  steps(count: number): Steps {
    const work = 4 * this.program.slots * this.program.batch * weightCount(this.program.weights);
    const used = this.#used.length;
    const step = this.step();
    return {
      begin: this.begin(),
      at: () => step,
      end: this.reverse.reduce(),
      count,
      work: work * used,
      control: this.control,
    };
  }

  #stage(kernel: KernelOf<typeof stageModule, "main">, i: number, taken: number, place: number): Command {
    const { stepper } = this.forward;
    const { batch, dim } = stepper.shape;
    const { method } = stepper;
    const a = new Array<number>(16).fill(0);
    for (let j = i + 1; j < method.stages; j++) a[j] = method.a[j]![i] ?? 0;
    const params = {
      count: batch * dim,
      dim,
      ld: this.program.ld,
      stage: i,
      stages: method.stages,
      taken,
      b: method.b[i]!,
      used: this.#used.reduce((bits, j) => bits | (1 << j), 0) >>> 0,
      gradient_at: this.reverse.gradient.at - this.program.output.at,
      a,
    };
    const { control, bars } = this;
    const operands = {
      params,
      control,
      kept: stepper.kept,
      point: planesView(this.program.inputOf(place)),
      gradient: planesView(this.program.output),
      seed: planesView(this.reverse.seedOf(place)),
      bars,
    };
    return kernel.bind(operands, foldedGrid(Math.ceil((batch * dim) / 64)));
  }

  #time(i: number): Command {
    const { forward, program, made, bars, control } = this;
    const { batch, dim } = forward.stepper.shape;
    const kappaAt = this.stateBarAt + batch * dim;
    const params = {
      samples: batch,
      dim,
      ld: program.ld,
      kappa_at: kappaAt,
      b: forward.stepper.method.b[i]!,
      slots: program.slots,
      ...regulariserShares(forward.options.regularise, batch, program.shape.traceWeight),
    };
    const operands = {
      params,
      control,
      bars,
      value: planesView(program.output),
      minus_trace: made.minusTrace,
      a_delta: made.deltaBar,
      end_bar: made.endBar,
    };
    return this.kernels.time.bind(operands, foldedGrid(Math.ceil(batch / 64)));
  }

  dispose(): void {
    this.buffers.dispose();
  }
}

interface Made {
  readonly settings: Buffer;
  readonly deltaBar: Buffer;
  readonly minusTrace: Buffer;
  readonly endBar: Buffer;
  readonly intervalBar: Buffer;
}

interface Kernels {
  readonly stage: KernelOf<typeof stageModule, "main">;
  readonly last: KernelOf<typeof stageModule, "main">;
  readonly time: KernelOf<typeof timeModule, "main">;
  readonly begin: KernelOf<typeof controlModule, "begin_reverse">;
  readonly retreat: KernelOf<typeof controlModule, "retreat">;
  readonly interval: KernelOf<typeof intervalModule, "main">;
}

function reverseSettings(evaluations: number): Uint8Array {
  const none = {
    fixedSteps: 0,
    maxAttempts: 0,
    maxAccepted: 0,
    nfeBegin: 0,
    counts: [0, 0, 0] as const,
    groups: 0,
  };
  const zero = {
    rtol: 0,
    atol: 0,
    firstStep: 0,
    minStep: 0,
    maxStep: 0,
    safety: 0,
    factorMin: 0,
    factorMax: 0,
  };
  return settingsBytes({ ...none, ...zero, nfeStep: evaluations, powers: [0, 0, 0], orderPower: 0 });
}
