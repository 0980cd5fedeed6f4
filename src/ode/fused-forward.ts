/**
 * The fused forward solve: all steps, stages and layers in one dispatch (shaders/fused/forward.wgsl), or in a few
 * where one would run too long. See src/ode/forward.ts for the layered one.
 */
import { padded } from "../field/packing.js";
import { ProbeSource, type TracePlan } from "../field/trace.js";
import type { Weights } from "../field/weights.js";
import { forward as forwardModule } from "../generated/fused/forward.js";
import { type Buffer, BufferGroup, type BufferView } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import type { KernelOf } from "../gpu/kernel.js";
import type { Command } from "../gpu/submit.js";
import { CONTROL_BYTES } from "./control.js";
import type { Forward } from "./execution.js";
import { weightCount } from "./forward.js";
import {
  type FusedPlaces,
  type FusedPlan,
  type FusedTiling,
  fusedParams,
  fusedPlaces,
  fusedPlan,
  stageRoom,
} from "./fused-plan.js";
import type { StepPlan } from "./plan.js";
import { type Steps, splitSteps } from "./runner.js";

export interface FusedOptions {
  readonly batch: number;
  readonly plan: StepPlan;
  readonly trace?: TracePlan;
  /** Keep what the discrete adjoint needs. */
  readonly keep?: boolean;
  /** Leave the NLL of every sample and its cotangents in `state` (needs `keep`). */
  readonly loss?: boolean;
  /** Key of the probes, when the GPU advances it. */
  readonly probeKey?: Buffer;
  readonly tiling?: FusedTiling;
}

/** A tape of every stage is kept up to this size; above it the reverse pass evaluates the stages again. */
const TAPE_BYTES = 48 * 2 ** 20;
/** Workgroups: more than a device holds at once gain nothing but memory for spilled rows. */
const GROUPS = 4096;

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
    /** vec4 [tile][capacity]: t, h, τ, fraction. */
    readonly stepList: Buffer,
    /** Points (where there is no tape), slopes and −tr of every stage. */
    readonly kept: Buffer,
    readonly tape: Buffer,
    private readonly spillAt: number,
    private readonly kernel: KernelOf<typeof forwardModule, "main">,
    private readonly group: BufferGroup,
  ) {
    this.batch = options.batch;
    this.dim = weights.packing.spec.dim;
    this.deltaAt = places.deltaAt;
  }

  /** The shape must have no `fusedRefusal`. */
  static async create(device: Device, weights: Weights, options: FusedOptions): Promise<FusedForward> {
    const { batch, plan, trace, keep = false, loss = false, probeKey, tiling } = options;
    const { packing } = weights;
    const probeCount = trace?.probes ?? 0;
    const shape = { packing, plan, batch, probes: probeCount, traceWeight: trace?.weight ?? 0 };
    const fused = fusedPlan(shape, tiling);
    const taped = keep && fused.tapeBytes <= TAPE_BYTES;
    const places = fusedPlaces(fused, keep ? (taped ? "slopes" : "points") : "nothing");
    const kernel = await device.kernel(forwardModule, "main", {
      ...fused.constants,
      TAPE: taped ? 1 : 0,
      KEEP: keep ? 1 : 0,
      LOSS: loss ? 1 : 0,
      SLOPES: stageRoom(plan.method) * fused.constants.ENTRIES,
      TRACES: stageRoom(plan.method) * fused.tile,
    });
    return BufferGroup.filled(async (group) => {
      const make = (label: string, words: number) =>
        group.add(device.buffer({ label: `fused ${label}`, size: Math.max(words, 4) * 4 }));
      const probes = trace && group.add(await ProbeSource.create(device, trace, probeKey));
      const spillAt = taped ? fused.tapeBytes / 16 : 0;
      const spill = fused.spill ? Math.min(fused.tiles, GROUPS) * fused.rows : 0;
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
        make("steps", keep ? 4 * fused.tiles * plan.maxSteps : 0),
        make("kept", keep ? places.keptWords : 0),
        make("tape", 4 * (spillAt + spill)),
        spillAt,
        kernel,
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

  steps(): Steps {
    const { probes, workPerStep, options } = this;
    const begin = probes ? probes.fill(this.probeTarget) : [];
    const ranges = splitSteps(options.plan.fixedSteps, workPerStep);
    return {
      begin,
      at: (part) => [this.#dispatch(...ranges[part]!)],
      count: ranges.length,
      work: workPerStep * (ranges[0]![1] - ranges[0]![0]),
      control: this.control,
    };
  }

  #dispatch(from: number, to: number): Command {
    const { fused, places, spillAt, weights, interval, state, stepList, kept, tape, control } = this;
    const params = { ...fusedParams(fused, places, spillAt), from_step: from, to_step: to };
    const operands = {
      params,
      packed: weights.packed,
      interval,
      state,
      probes: this.probePlanes,
      steps: stepList,
      kept,
      tape,
      control,
    };
    return this.kernel.bind(operands, [Math.min(fused.tiles, GROUPS), 1, 1]);
  }

  dispose(): void {
    this.group.dispose();
  }
}
