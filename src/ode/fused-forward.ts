/**
 * The fused forward solve: all steps, stages and layers in one dispatch (shaders/common/fused_forward_main.wgsl), or in a few
 * where one would run too long. See src/ode/forward.ts for the layered one.
 */
import { padded } from "../field/packing.js";
import { ProbeSource, type TracePlan } from "../field/trace.js";
import { type Weights, weightCount } from "../field/weights.js";
import { gather as gatherModule } from "../generated/fused/gather.js";
import { type Buffer, BufferGroup, type BufferView } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import type { KernelOf } from "../gpu/kernel.js";
import { type Command, clear } from "../gpu/submit.js";
import { CONTROL_BYTES, plannedSettings, type SettingsValues, settingsFields } from "./control.js";
import type { Forward } from "./execution.js";
import { type FusedKernel, fusedKernel } from "./fused-kernels.js";
import {
  type FusedPlaces,
  type FusedPlan,
  type FusedTiling,
  forwardGroups,
  forwardTape,
  fusedParams,
  fusedPlaces,
  fusedPlan,
  sizeConstants,
  stageRoom,
} from "./fused-plan.js";
import type { StepPlan } from "./plan.js";
import type { Regularisers } from "./regularise.js";
import { type Steps, splitSteps } from "./runner.js";

export interface FusedOptions {
  readonly batch: number;
  readonly plan: StepPlan;
  readonly trace?: TracePlan;
  /** Accepted steps kept for the discrete adjoint; 0: none. */
  readonly keep?: number;
  /** Room for the cotangents of a continuous adjoint. */
  readonly cotangents?: boolean;
  /** Leave the NLL of every sample and its cotangents in `state` (needs `keep` or `cotangents`). */
  readonly loss?: boolean;
  /** Key of the probes, when the GPU advances it. */
  readonly probeKey?: Buffer;
  /** What the discrete adjoint that follows adds to the loss. */
  readonly regularise?: Regularisers;
  readonly tiling?: FusedTiling;
  /** Largest tape of all stages that is kept instead of evaluating them again; default 48 MiB. */
  readonly tapeBytes?: number;
}

/** A tape of every stage is kept up to this size; above it the reverse pass evaluates the stages again. */
export const TAPE_BYTES = 48 * 2 ** 20;
/** Adaptive steps tried in one dispatch, where they are short. */
export const TRIES = 64;

export class FusedForward implements Forward {
  readonly path = "fused";
  readonly batch: number;
  readonly dim: number;
  readonly deltaAt: number;

  private constructor(
    readonly device: Device,
    readonly weights: Weights,
    readonly options: FusedOptions,
    readonly fused: FusedPlan,
    readonly places: FusedPlaces,
    /** Every stage's activations are on the tape. */
    readonly taped: boolean,
    readonly probes: ProbeSource | undefined,
    readonly state: Buffer,
    readonly interval: Buffer,
    readonly control: Buffer,
    /** f32 [K][B][ld]. */
    readonly probePlanes: Buffer,
    /** vec4 [tile][1 + capacity]: the number of steps, then t, h, τ, fraction of each. */
    readonly stepList: Buffer,
    /** Points (where there is no tape), slopes and −tr of every stage. */
    readonly kept: Buffer,
    readonly tape: Buffer,
    /** Control blocks of the tiles (adaptive steps). */
    private readonly reports: Buffer | undefined,
    private readonly spillAt: number,
    private readonly kernels: Kernels,
    private readonly group: BufferGroup,
  ) {
    this.batch = options.batch;
    this.dim = weights.packing.spec.dim;
    this.deltaAt = places.deltaAt;
  }

  /** The shape must have no `fusedRefusal`. */
  static async create(device: Device, weights: Weights, options: FusedOptions): Promise<FusedForward> {
    const {
      batch,
      plan,
      trace,
      keep = 0,
      cotangents = false,
      loss = false,
      probeKey,
      tiling,
      tapeBytes = TAPE_BYTES,
      regularise,
    } = options;
    const { packing } = weights;
    const probeCount = trace?.probes ?? 0;
    const shape = {
      packing,
      plan,
      batch,
      probes: probeCount,
      traceWeight: trace?.weight ?? 0,
      capacity: plan.fixedSteps || keep,
      recorded: keep > 0,
    };
    const adaptive = plan.fixedSteps === 0;
    const fused = fusedPlan(shape, tiling);
    // The Jacobian's regulariser wants J ε_k of every stage: it is there where the stage is evaluated again.
    const redone = adaptive || (regularise?.jacobian ?? 0) > 0;
    const taped = keep > 0 && !redone && fused.form !== "resident" && fused.tapeBytes <= tapeBytes;
    const kept = taped ? "slopes" : "points";
    const places = fusedPlaces(fused, keep > 0 ? kept : cotangents ? "cotangents" : "nothing");
    const tape = forwardTape(fused, taped);
    const constants = {
      ...fused.constants,
      ...sizeConstants(fused, tape),
      TAPE: taped ? 1 : 0,
      KEEP: keep > 0 ? 1 : 0,
      LOSS: loss ? 1 : 0,
      SLOPES: stageRoom(plan.method) * fused.constants.ENTRIES,
      TRACES: stageRoom(plan.method) * fused.tile,
    };
    const kernels = adaptive
      ? {
          adaptive: await fusedKernel(device, "adaptive", fused, {
            ...constants,
            FSAL: plan.method.fsal ? 1 : 0,
          }),
          gather: await device.kernel(gatherModule, "main"),
        }
      : { fixed: await fusedKernel(device, "forward", fused, constants) };
    return BufferGroup.filled(async (group) => {
      const make = (label: string, words: number) =>
        group.add(device.buffer({ label: `fused ${label}`, size: Math.max(words, 4) * 4 }));
      const probes = trace && group.add(await ProbeSource.create(device, trace, probeKey));
      return new FusedForward(
        device,
        weights,
        options,
        fused,
        places,
        taped,
        probes,
        make("state", places.stateWords),
        make("interval", 4),
        make("control", CONTROL_BYTES / 4),
        make("probes", probeCount * batch * padded(packing.spec.dim)),
        make("steps", keep > 0 ? 4 * fused.tiles * (1 + fused.capacity) : 0),
        make("kept", keep > 0 ? places.keptWords : 0),
        make("tape", 4 * tape.size),
        adaptive ? make("reports", (fused.tiles * CONTROL_BYTES) / 4) : undefined,
        tape.spillAt,
        kernels,
        group,
      );
    });
  }

  get nll(): BufferView | undefined {
    return this.options.loss ? this.state.words(this.places.nllAt, this.batch) : undefined;
  }

  /** Multiply-adds of one step. */
  get workPerStep(): number {
    const { fused, weights, options } = this;
    return (1 + fused.probes) * this.batch * weightCount(weights) * options.plan.method.stages;
  }

  /** Where the probes stand, as a ProbeSource fills them. */
  get probeTarget() {
    const ld = padded(this.dim);
    return { batch: this.batch, dim: this.dim, ld, acts: this.probePlanes, probesAt: 0 };
  }

  get adaptive(): boolean {
    return this.options.plan.fixedSteps === 0;
  }

  steps(): Steps {
    const { probes, workPerStep, options, control, reports } = this;
    const begin = probes ? probes.fill(this.probeTarget) : [];
    if (reports) {
      const tries = splitSteps(this.device, TRIES, workPerStep)[0]![1];
      const step = this.#tryTiles(reports, tries);
      return { begin: [clear(reports), ...begin], at: () => step, work: workPerStep * tries, tries, control };
    }
    const ranges = splitSteps(this.device, options.plan.fixedSteps, workPerStep);
    return {
      begin,
      at: (part) => [this.#takeSteps(...ranges[part]!)],
      count: ranges.length,
      work: workPerStep * (ranges[0]![1] - ranges[0]![0]),
      control,
    };
  }

  /** Fixed steps `from` up to (not with) `to`. */
  #takeSteps(from: number, to: number): Command {
    const { kernels, control } = this;
    const params = { ...this.#params, from_step: from, to_step: to };
    return kernels.fixed!.bind({ ...this.#operands, params, reports: control }, this.#grid);
  }

  /** Every tile tries some steps, unless it is done; then the control block says where they are. */
  #tryTiles(reports: Buffer, tries: number): Command[] {
    const { kernels, control } = this;
    const params = { ...this.#params, from_step: 0, to_step: tries };
    const settings = settingsFields(this.#settings);
    return [
      kernels.adaptive!.bind({ ...this.#operands, params, settings, reports }, this.#grid),
      kernels.gather!.bind({ reports, control }, [1, 1, 1]),
    ];
  }

  get #settings(): SettingsValues {
    const { options, fused, dim } = this;
    const { plan, trace } = options;
    const { stages, fsal } = plan.method;
    return {
      ...plannedSettings(plan),
      maxAccepted: plan.maxSteps,
      nfeBegin: plan.firstStep === 0 ? 2 : fsal ? 1 : 0,
      nfeStep: fsal ? stages - 1 : stages,
      counts: [fused.tile * dim, 0, trace ? fused.tile : 0],
      groups: 0,
    };
  }

  get #params() {
    return fusedParams(this.fused, this.places, this.spillAt);
  }

  get #operands() {
    const { weights, interval, state, probePlanes, stepList, kept, tape } = this;
    return { packed: weights.packed, interval, state, probes: probePlanes, steps: stepList, kept, tape };
  }

  get #grid(): [number, number, number] {
    return [forwardGroups(this.fused), 1, 1];
  }

  dispose(): void {
    this.group.dispose();
  }
}

interface Kernels {
  readonly fixed?: FusedKernel<"forward">;
  readonly adaptive?: FusedKernel<"adaptive">;
  readonly gather?: KernelOf<typeof gatherModule, "main">;
}
