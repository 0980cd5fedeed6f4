/** What flows, training and `solve` see of a solve and its adjoint, whichever way they are carried out. */
import type { ProbeSource } from "../field/trace.js";
import type { Buffer, BufferView } from "../gpu/buffer.js";
import type { Command } from "../gpu/submit.js";
import type { ForwardSolve } from "./forward.js";
import type { Steps } from "./runner.js";

/** layered: one dispatch per layer product; fused: the whole solve in one dispatch. */
export const PATHS = ["layered", "fused"] as const;
export type Path = (typeof PATHS)[number];

/** A forward solve of one batch shape: made once, run as often as wanted. */
export interface Forward {
  readonly path: Path;
  /** B and D. */
  readonly batch: number;
  readonly dim: number;
  /** f32: start and result, z [B, D] at 0, Δ [B] at deltaAt. */
  readonly state: Buffer;
  readonly deltaAt: number;
  /** f32 [2]: t0, t1. */
  readonly interval: Buffer;
  /** The control block (src/ode/control.ts). */
  readonly control: BufferView;
  readonly probes: ProbeSource | undefined;
  /** f32 [B]: the NLL of every sample, where the solve leaves it (and its cotangents) behind by itself. */
  readonly nll: BufferView | undefined;
  steps(): Steps;
  dispose(): void;
}

/** Whether a solve is the layered path's, whose class a page may never fetch. */
export const isLayered = (solve: Forward): solve is ForwardSolve => solve.path === "layered";

/** The reverse pass of a forward solve. */
export interface Adjoint {
  /** f32 [B, D]: dL/dz(t1) before the reverse pass, dL/dz0 after it. */
  readonly stateBar: BufferView;
  /** f32 [B]: dL/dΔ(t1). */
  readonly deltaBar: BufferView;
  /** f32 [P + 2]: dL/dθ in the public order, then two sums that belong to the interval. */
  readonly thetaBar: Buffer;
  /** f32 [2]: dL/dt0, dL/dt1. */
  readonly intervalBar: Buffer;
  readonly control: BufferView;
  /** @param accepted steps of the forward solve, where they are reversed one by one */
  steps(accepted: number): Steps;
  /** After the steps: `intervalBar`. */
  ends(): Command[];
  dispose(): void;
}
