/** The end of every training step: norm of the gradient, verdict, Adam, and the packed weights of the next step. */
import type { Weights } from "../field/weights.js";
import { gradNorm as gradNormModule } from "../generated/train/grad_norm.js";
import { judge as judgeModule } from "../generated/train/judge.js";
import type { Buffer, BufferGroup, BufferView } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import type { KernelOf } from "../gpu/kernel.js";
import type { Command } from "../gpu/submit.js";
import type { Optimiser } from "./optimiser.js";
import { RING_SLOTS, type RunBuffers } from "./state.js";

/** Workgroups of the gradient norm. */
const NORM_GROUPS = 64;
/** Parameters above which the gradient's norm has a dispatch of its own; below, the verdict adds the squares. */
const NORM_APART = 1 << 15;

/** What a step hands to its end. */
export interface StepResult {
  readonly batch: number;
  /** f32 [batch]: loss of each sample. */
  readonly losses: BufferView;
  /** f32: θ̄ in front. */
  readonly thetaBar: Buffer;
  /** Control blocks of what was run forward and backward. */
  readonly forward: BufferView;
  readonly backward: BufferView;
  /** Largest norm of the gradient; 0: none. */
  readonly clip: number;
}

export class Update {
  private constructor(
    /** The norm's own dispatch, where it has one. */
    private readonly apart: { norms: Buffer; kernel: KernelOf<typeof gradNormModule, "main"> } | undefined,
    private readonly judge: KernelOf<typeof judgeModule, "main">,
  ) {}

  /** @param count trained entries */
  static async create(device: Device, group: BufferGroup, count: number): Promise<Update> {
    const isApart = count > NORM_APART;
    const [norm, judge] = await Promise.all([
      device.kernel(gradNormModule, "main"),
      device.kernel(judgeModule, "main", { SQUARES: isApart ? 0 : 1 }),
    ]);
    const norms = isApart && group.add(device.buffer({ label: "gradient norms", size: NORM_GROUPS * 4 }));
    return new Update(norms ? { norms, kernel: norm } : undefined, judge);
  }

  commands(result: StepResult, run: RunBuffers, optimiser: Optimiser, weights: Weights): Command[] {
    const { batch, losses, thetaBar, forward, backward, clip } = result;
    const { apart } = this;
    const judge = {
      params: { samples: batch, groups: apart ? NORM_GROUPS : optimiser.count, slots: RING_SLOTS, clip },
      nll: losses,
      partial: apart?.norms ?? thetaBar,
      forward,
      backward,
      state: run.state,
      batch_key: run.batchKey,
      probe_key: run.probeKey,
      ring: run.ring,
    };
    const params = { count: optimiser.count };
    return [
      ...(apart
        ? [apart.kernel.bind({ params, theta_bar: thetaBar, partial: apart.norms }, [NORM_GROUPS, 1, 1])]
        : []),
      this.judge.bind(judge, [1, 1, 1]),
      ...optimiser.update(run.state, weights.theta, thetaBar),
      ...weights.repack,
    ];
  }
}
