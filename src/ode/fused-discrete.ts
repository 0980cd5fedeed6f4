/** The discrete adjoint of a fused forward solve (shaders/common/fused_discrete_main.wgsl): one dispatch, or a few. */

import { reduceGradient } from "../field/reduce-gradient.js";
import { reduceGrad as reduceModule } from "../generated/field/reduce_grad.js";
import { intervalGrad as intervalModule } from "../generated/ode/interval_grad.js";
import { type Buffer, BufferGroup, type BufferView } from "../gpu/buffer.js";
import type { KernelOf } from "../gpu/kernel.js";
import { type Command, clear } from "../gpu/submit.js";
import { CONTROL_BYTES } from "./control.js";
import type { Adjoint } from "./execution.js";
import type { FusedForward } from "./fused-forward.js";
import { intervalGradient } from "./fused-interval.js";
import { type FusedKernel, fusedKernel } from "./fused-kernels.js";
import { adjointTape, chunkRoom, forwardTape, fusedParams, sizeConstants } from "./fused-plan.js";
import { usedStages } from "./plan.js";
import { regulariserShares } from "./regularise.js";
import { type Steps, splitSteps } from "./runner.js";

export class FusedDiscrete implements Adjoint {
  readonly stateBar: BufferView;
  readonly deltaBar: BufferView;

  private constructor(
    readonly forward: FusedForward,
    private readonly chunks: Buffer,
    /** A record per workgroup where stages are evaluated again, and spilled rows. */
    private readonly ownTape: Buffer | undefined,
    private readonly map: Buffer,
    readonly thetaBar: Buffer,
    readonly intervalBar: Buffer,
    readonly control: Buffer,
    private readonly spillAt: number,
    private readonly kernels: Kernels,
    private readonly group: BufferGroup,
  ) {
    const { places, batch, dim, state } = forward;
    this.stateBar = state.words(places.barAt, batch * dim);
    this.deltaBar = state.words(places.deltaBarAt, batch);
  }

  /** The forward solve must keep what the adjoint needs. */
  static async create(forward: FusedForward): Promise<FusedDiscrete> {
    const { device, fused, taped, weights } = forward;
    const { packing } = weights;
    const { regularise } = forward.options;
    const tape = taped ? forwardTape(fused, true) : adjointTape(fused);
    const partial = chunkRoom(fused);
    const [main, reduce, interval] = await Promise.all([
      fusedKernel(device, "discrete", fused, {
        ...fused.adjointConstants,
        ...sizeConstants(fused, tape, partial),
        REDO: taped ? 0 : 1,
        ADAPTIVE: forward.adaptive ? 1 : 0,
        ...(regularise && { REGULARISE: 1 }),
      }),
      device.kernel(reduceModule, "main"),
      device.kernel(intervalModule, "main"),
    ]);
    return BufferGroup.filled((group) => {
      const make = (label: string, words: number) =>
        group.add(device.buffer({ label: `fused ${label}`, size: Math.max(words, 4) * 4 }));
      const own = taped ? undefined : make("adjoint tape", 4 * tape.size);
      return new FusedDiscrete(
        forward,
        make("gradient chunks", 4 * partial),
        own,
        group.add(device.buffer({ label: "gradient map", data: packing.gradientMap })),
        make("theta bar", packing.paramCount + 2),
        make("interval bar", 2),
        make("control", CONTROL_BYTES / 4),
        tape.spillAt,
        { main, reduce, interval },
        group,
      );
    });
  }

  steps(): Steps {
    const { forward, control } = this;
    // Reverse sweep and weight gradients, and the evaluation where it is made again.
    const work = forward.workPerStep * (forward.taped ? 2 : 3);
    const { capacity, ring, plan } = forward.fused;
    // Steps whose sweeps share a product of weight gradients are not cut apart: the sums would round otherwise.
    const shared = Math.max(1, Math.floor(ring / usedStages(plan).length));
    const ranges = splitSteps(forward.device, Math.ceil(capacity / shared), work * shared);
    const stepsOf = ([from, to]: [from: number, to: number]): [from: number, to: number] => [
      Math.max(0, capacity - to * shared),
      capacity - from * shared,
    ];
    const each = Math.min(capacity, shared * ranges[0]![1]);
    return {
      // An adaptive solve's tiles begin at different steps, so nobody knows who adds to a chunk first.
      begin: forward.adaptive ? [clear(this.chunks)] : [],
      at: (part) => [this.#dispatch(...stepsOf(ranges[part]!))],
      end: this.#end(),
      count: ranges.length,
      work: work * each,
      control,
    };
  }

  #dispatch(from: number, to: number): Command {
    const { forward, chunks, control, spillAt } = this;
    const { fused, places, weights, probePlanes, stepList, kept } = forward;
    const { regularise } = forward.options;
    const params = {
      ...fusedParams(fused, places, spillAt),
      ...regulariserShares(regularise, forward.batch, fused.traceWeight),
      from_step: from,
      to_step: to,
    };
    const operands = {
      params,
      packed: weights.packed,
      probes: probePlanes,
      steps: stepList,
      kept,
      tape: this.ownTape ?? forward.tape,
      bars: forward.state,
      partial: chunks,
      reports: control,
    };
    return this.kernels.main.bind(operands, [fused.chunks, 1, 1]);
  }

  /** Adds up the chunks. */
  #end(): Command[] {
    const { forward, kernels, map, chunks, thetaBar } = this;
    const { packing } = forward.weights;
    return [
      reduceGradient(kernels.reduce, packing, {
        map,
        partial: chunks,
        chunks: forward.fused.chunks,
        thetaBar,
        sign: 1,
      }),
    ];
  }

  ends(): Command[] {
    return [intervalGradient(this.kernels.interval, this.forward, this)];
  }

  dispose(): void {
    this.group.dispose();
  }
}

interface Kernels {
  readonly main: FusedKernel<"discrete">;
  readonly reduce: KernelOf<typeof reduceModule, "main">;
  readonly interval: KernelOf<typeof intervalModule, "main">;
}
