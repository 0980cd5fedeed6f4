/** Submitting a solve: bounded work per submission, and no wait for the GPU's decisions. */
import type { BufferView } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { FjordError } from "../gpu/errors.js";
import type { Command } from "../gpu/submit.js";
import { type ControlState, readControl } from "./control.js";

export interface Steps {
  readonly begin: readonly Command[];
  /** One step tried, or one part of a solve that is split; `n` counts them. */
  readonly at: (n: number) => readonly Command[];
  /** After the last one. */
  readonly end?: readonly Command[];
  /** Number of steps or parts, where it is known. */
  readonly count?: number;
  /** Solver steps that one call of `at` may try, where that is more than one. */
  readonly tries?: number;
  /** Multiply-adds of a step, to bound the work of a submission. */
  readonly work: number;
  readonly control: BufferView;
}

/** Adaptive steps submitted between looks at the done flag. */
const CHUNK = 8;

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new FjordError("aborted", "The call was aborted.", "", { cause: signal.reason });
}

/**
 * Runs a solve to its end and returns its control block. Fixed steps: all submitted, then one read. Adaptive
 * steps: a chunk is submitted while the done flag of the one before is still on its way; steps after the end do
 * nothing. @throws FjordError `aborted`, DeviceLostError
 */
export async function runSteps(device: Device, steps: Steps, signal?: AbortSignal): Promise<ControlState> {
  throwIfAborted(signal);
  const perSubmit = Math.max(1, Math.floor(device.workPerSubmit / Math.max(1, steps.work)));
  device.run(steps.begin, "begin");
  if (steps.count !== undefined) {
    for (let done = 0; done < steps.count; done += perSubmit) {
      const now = Math.min(perSubmit, steps.count - done);
      device.run(commandsOf(steps, done, now), "steps");
      // Work that is split over many submissions can be stopped between them.
      if (now < steps.count) {
        await device.finished();
        throwIfAborted(signal);
      }
    }
  } else {
    await runUntilDone(device, steps, Math.min(CHUNK, perSubmit), signal);
  }
  if (steps.end) device.run(steps.end, "end");
  return readControl(await device.read(steps.control));
}

async function runUntilDone(
  device: Device,
  steps: Steps,
  chunk: number,
  signal?: AbortSignal,
): Promise<void> {
  const commands = commandsOf(steps, 0, chunk);
  const submit = () => {
    device.run(commands, "adaptive steps");
    return device.read(steps.control).then(readControl);
  };
  let late = submit();
  for (;;) {
    const next = submit();
    // Both promises are awaited in turn; the one not yet awaited must not count as unhandled.
    next.catch(() => {});
    if ((await late).done) {
      await next;
      return;
    }
    throwIfAborted(signal);
    late = next;
  }
}

/** Commands of `count` steps from step `first` on. */
export function commandsOf(steps: Steps, first: number, count: number): Command[] {
  return Array.from({ length: count }, (_, i) => steps.at(first + i)).flat();
}

/** Ranges [from, to) of fixed steps whose work fits a submission: the parts of a fused solve. */
export function splitSteps(device: Device, steps: number, workPerStep: number): [from: number, to: number][] {
  const each = Math.min(steps, Math.max(1, Math.floor(device.workPerSubmit / workPerStep)));
  return Array.from({ length: Math.ceil(steps / each) }, (_, part) => [
    part * each,
    Math.min(steps, (part + 1) * each),
  ]);
}
