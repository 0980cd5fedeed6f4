/** What a submission is made of: a flat list of commands, encoded into as few passes as possible. */
import type { BufferView } from "./buffer.js";
import type { Profiler } from "./profile.js";

export interface Dispatch {
  readonly kind: "dispatch";
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: readonly [number, number, number];
}

/** Copies `from` to `to`; both must not be the same buffer. */
export interface CopyCommand {
  readonly kind: "copy";
  readonly from: BufferView;
  readonly to: BufferView;
}

/** Sets a view to zero. */
export interface ClearCommand {
  readonly kind: "clear";
  readonly target: BufferView;
}

/** Whatever else a command encoder can do, outside of compute passes: drawing, copies of textures. */
export interface EncodeCommand {
  readonly kind: "encode";
  readonly encode: (encoder: GPUCommandEncoder) => void;
}

export type Command = Dispatch | CopyCommand | ClearCommand | EncodeCommand;

export const copy = (from: BufferView, to: BufferView): CopyCommand => ({ kind: "copy", from, to });
export const clear = (target: BufferView): ClearCommand => ({ kind: "clear", target });

/**
 * Dispatches that follow each other share a pass, because passes cost more than dispatches, unless each is timed.
 * Returns the dispatch count.
 */
export function encodeCommands(
  encoder: GPUCommandEncoder,
  commands: readonly Command[],
  profiler?: Profiler,
): number {
  let pass: GPUComputePassEncoder | undefined;
  let dispatches = 0;
  const endPass = () => {
    pass?.end();
    pass = undefined;
  };
  for (const command of commands) {
    if (command.kind === "dispatch") {
      if (profiler) endPass();
      pass ??= encoder.beginComputePass(profiler && { timestampWrites: profiler.next(command.label) });
      pass.setPipeline(command.pipeline);
      pass.setBindGroup(0, command.bindGroup);
      pass.dispatchWorkgroups(...command.grid);
      dispatches += 1;
    } else if (command.kind === "copy") {
      endPass();
      const { from, to } = command;
      encoder.copyBufferToBuffer(from.buffer.gpu, from.offset, to.buffer.gpu, to.offset, from.size);
    } else if (command.kind === "encode") {
      endPass();
      command.encode(encoder);
    } else {
      endPass();
      encoder.clearBuffer(command.target.buffer.gpu, command.target.offset, command.target.size);
    }
  }
  endPass();
  return dispatches;
}

/** WebGPU takes at most 65,535 workgroups along an axis: more are folded into y (see shaders/common/grid.wgsl). */
export function foldedGrid(workgroups: number): [number, number, number] {
  const limit = 65535;
  if (workgroups <= limit) return [workgroups, 1, 1];
  const rows = Math.ceil(workgroups / limit);
  return [Math.ceil(workgroups / rows), rows, 1];
}
