/** The continuous adjoint of a fused forward solve (shaders/common/fused_continuous_main.wgsl): one dispatch, or a few. */
import { reduceGradient } from "../field/reduce-gradient.js";
import { reduceGrad as reduceModule } from "../generated/field/reduce_grad.js";
import { gather as gatherModule } from "../generated/fused/gather.js";
import { intervalGrad as intervalModule } from "../generated/ode/interval_grad.js";
import { type Buffer, BufferGroup, type BufferView } from "../gpu/buffer.js";
import type { KernelOf } from "../gpu/kernel.js";
import { type Command, clear } from "../gpu/submit.js";
import { CONTROL_BYTES, plannedSettings, settingsFields } from "./control.js";
import type { Adjoint } from "./execution.js";
import { type FusedForward, TRIES } from "./fused-forward.js";
import { intervalGradient } from "./fused-interval.js";
import { type FusedKernel, fusedKernel } from "./fused-kernels.js";
import {
  adjointTape,
  chunkRoom,
  type FusedPlan,
  fusedParams,
  fusedPlan,
  sizeConstants,
  stageRoom,
} from "./fused-plan.js";
import type { StepPlan } from "./plan.js";
import { type Steps, splitSteps } from "./runner.js";

export class FusedContinuous implements Adjoint {
  readonly stateBar: BufferView;
  readonly deltaBar: BufferView;

  private constructor(
    readonly forward: FusedForward,
    private readonly fused: FusedPlan,
    private readonly chunks: Buffer,
    /** A record per workgroup, then spilled rows. */
    private readonly tape: Buffer,
    private readonly map: Buffer,
    readonly thetaBar: Buffer,
    readonly intervalBar: Buffer,
    readonly control: Buffer,
    /** Control blocks of the tiles (adaptive steps). */
    private readonly reports: Buffer | undefined,
    private readonly kernels: Kernels,
    private readonly group: BufferGroup,
  ) {
    const { places, batch, dim, state } = forward;
    this.stateBar = state.words(places.barAt, batch * dim);
    this.deltaBar = state.words(places.deltaBarAt, batch);
  }

  /** The forward solve must have room for cotangents. @param plan steps of the way back */
  static async create(forward: FusedForward, plan: StepPlan): Promise<FusedContinuous> {
    const { device, weights } = forward;
    const { packing } = weights;
    const { tiling } = forward.options;
    const shape = { ...forward.fused, plan, capacity: plan.fixedSteps, augmented: true };
    const fused = fusedPlan(shape, tiling);
    const adaptive = plan.fixedSteps === 0;
    const tape = adjointTape(fused);
    // What the last stage of a step is to the next is kept apart, of this step and of the one before.
    const fsal = adaptive && plan.method.fsal;
    const partial = chunkRoom(fused, 1 + (adaptive ? 1 : 0) + (fsal ? 2 : 0));
    const [main, gather, reduce, interval] = await Promise.all([
      fusedKernel(device, "continuous", fused, {
        ...fused.adjointConstants,
        ...sizeConstants(fused, tape, partial),
        ADAPTIVE: adaptive ? 1 : 0,
        FSAL: fsal ? 1 : 0,
        SLOPES: stageRoom(plan.method) * fused.constants.ENTRIES,
      }),
      device.kernel(gatherModule, "main"),
      device.kernel(reduceModule, "main"),
      device.kernel(intervalModule, "main"),
    ]);
    return BufferGroup.filled((group) => {
      const make = (label: string, words: number) =>
        group.add(device.buffer({ label: `fused ${label}`, size: Math.max(words, 4) * 4 }));
      return new FusedContinuous(
        forward,
        fused,
        make("gradient chunks", 4 * partial),
        make("adjoint tape", 4 * tape.size),
        group.add(device.buffer({ label: "gradient map", data: packing.gradientMap })),
        make("theta bar", packing.paramCount + 2),
        make("interval bar", 2),
        make("control", CONTROL_BYTES / 4),
        adaptive ? make("reports", (fused.tiles * CONTROL_BYTES) / 4) : undefined,
        { main, gather, reduce, interval },
        group,
      );
    });
  }

  steps(): Steps {
    const { forward, fused, control, reports, chunks } = this;
    const { packing } = forward.weights;
    // Evaluation, reverse sweep and weight gradients.
    const perStage = forward.workPerStep / forward.options.plan.method.stages;
    const work = 3 * perStage * fused.plan.method.stages;
    const end = this.#reduce();
    if (reports) {
      const tries = splitSteps(this.forward.device, TRIES, work)[0]![1];
      const step = [this.#dispatch(0, tries), this.kernels.gather.bind({ reports, control }, [1, 1, 1])];
      const sums = chunks.words(0, fused.chunks * packing.chunkSize);
      return {
        begin: [clear(reports), clear(sums)],
        at: () => step,
        end,
        work: work * tries,
        tries,
        control,
      };
    }
    const ranges = splitSteps(this.forward.device, fused.plan.fixedSteps, work);
    return {
      begin: [],
      at: (part) => [this.#dispatch(...ranges[part]!)],
      end,
      count: ranges.length,
      work: work * (ranges[0]![1] - ranges[0]![0]),
      control,
    };
  }

  #dispatch(from: number, to: number): Command {
    const { forward, fused, chunks, tape, control, reports } = this;
    const { weights, interval, probePlanes, state, places } = forward;
    const params = {
      ...fusedParams(fused, places, adjointTape(fused).spillAt),
      from_step: from,
      to_step: to,
    };
    const { method, firstStep } = fused.plan;
    const size = fused.tile * forward.dim;
    const settings = settingsFields({
      ...plannedSettings(fused.plan),
      maxAccepted: fused.plan.maxSteps,
      // The evaluation at t1 is for dL/dt1, too.
      nfeBegin: firstStep === 0 ? 2 : 1,
      nfeStep: method.fsal ? method.stages - 1 : method.stages,
      counts: [size, size, 0],
      groups: 0,
    });
    const operands = {
      params,
      settings,
      packed: weights.packed,
      interval,
      probes: probePlanes,
      bars: state,
      tape,
      partial: chunks,
      reports: reports ?? control,
    };
    return this.kernels.main.bind(operands, [fused.chunks, 1, 1]);
  }

  /** Adds up the chunks. The sums ran backward in time, hence the sign. */
  #reduce(): Command[] {
    const { forward, fused, kernels, map, chunks, thetaBar } = this;
    const { packing } = forward.weights;
    const sums = { map, partial: chunks, chunks: fused.chunks, thetaBar, sign: -1 } as const;
    return [reduceGradient(kernels.reduce, packing, sums)];
  }

  ends(): Command[] {
    return [intervalGradient(this.kernels.interval, this.forward, this)];
  }

  dispose(): void {
    this.group.dispose();
  }
}

interface Kernels {
  readonly main: FusedKernel<"continuous">;
  readonly gather: KernelOf<typeof gatherModule, "main">;
  readonly reduce: KernelOf<typeof reduceModule, "main">;
  readonly interval: KernelOf<typeof intervalModule, "main">;
}
