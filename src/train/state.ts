/** CPU side of the run's state and ring (shaders/common/train_state.wgsl, shaders/train/judge.wgsl). */
import type { Buffer, BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { type SolveStatus, STATUS } from "../ode/control.js";
import { seedWords } from "../tensor/philox.js";
import { PURPOSE } from "../tensor/random.js";

export const STATE_BYTES = 32;
/** Entries of the ring: more than two reports' worth of attempts. */
export const RING_SLOTS = 2048;
export const RING_WORDS = 8;

/** What lives as long as a phase, whatever the solvers' step counts. */
export interface RunBuffers {
  /** u32 [4]: seed low, seed high, purpose, step; the GPU counts the steps. */
  readonly batchKey: Buffer;
  readonly probeKey: Buffer;
  readonly state: Buffer;
  readonly ring: Buffer;
}

/** @param batchPurpose of PURPOSE: the stream that rows are drawn from */
export function createRunBuffers(
  device: Device,
  group: BufferGroup,
  seed: number,
  step: number,
  batchPurpose: number,
): RunBuffers {
  const key = (purpose: number) => new Uint32Array([...seedWords(seed), purpose, step]);
  const state = new Uint32Array(STATE_BYTES / 4);
  state[0] = step;
  return {
    batchKey: group.add(device.buffer({ label: "batch key", data: key(batchPurpose) })),
    probeKey: group.add(device.buffer({ label: "probe key", data: key(PURPOSE.probe) })),
    state: group.add(device.buffer({ label: "run state", data: state })),
    ring: group.add(device.buffer({ label: "report ring", size: RING_SLOTS * RING_WORDS * 4 })),
  };
}

export interface RunState {
  readonly step: number;
  readonly attempt: number;
  readonly halted: boolean;
  readonly reason: SolveStatus;
}

export function readRunState(bytes: ArrayBuffer): RunState {
  const words = new Uint32Array(bytes);
  return { step: words[0]!, attempt: words[1]!, halted: words[4] !== 0, reason: STATUS[words[5]!] ?? "ok" };
}

/** One attempted step. */
export interface RingEntry {
  readonly loss: number;
  readonly gradNorm: number;
  readonly nfe: number;
  readonly nfeBackward: number;
  /** The step it was to be, counted from 0. */
  readonly step: number;
  readonly counted: boolean;
  readonly status: SolveStatus;
  /** Solver steps tried: the larger of forward and backward. */
  readonly attempts: number;
}

export function readRing(ring: Float32Array, first: number, count: number): RingEntry[] {
  return Array.from({ length: count }, (_, i) => {
    const at = ((first + i) % RING_SLOTS) * RING_WORDS;
    const [loss, gradNorm, nfe, nfeBackward, step, counted, status, attempts] = ring.subarray(
      at,
      at + RING_WORDS,
    );
    return {
      loss: loss!,
      gradNorm: gradNorm!,
      nfe: nfe!,
      nfeBackward: nfeBackward!,
      step: step!,
      counted: counted === 1,
      status: STATUS[status!] ?? "ok",
      attempts: attempts!,
    };
  });
}
