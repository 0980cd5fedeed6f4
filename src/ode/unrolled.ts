/**
 * The functions of shaders/common/resident.wgsl and resident_reverse.wgsl that are written for one field: WGSL has no loop
 * that a compiler must unroll, and private memory is only fast at places that are known when a kernel is compiled.
 * Columns are vec4; see resident-plan.ts.
 */
import type { KernelModule } from "../gpu/kernel-module.js";
import { residentPlan } from "./resident-plan.js";
import { QueueWriter } from "./unrolled-queue.js";
import { StraightWriter } from "./unrolled-straight.js";
import type { UnrolledShape } from "./unrolled-writer.js";

/** Own columns up to which everything is written out. */
const STRAIGHT = 1;

/** A kernel with the functions for this shape in place of its placeholders, each of which stands on one line. */
export function unrolledModule<M extends KernelModule>(module: M, shape: UnrolledShape): M {
  const { own } = residentPlan(shape.packing);
  const functions = new (own <= STRAIGHT ? StraightWriter : QueueWriter)(shape).functions();
  const code = module.code.replace(
    /^fn (unrolled_\w+)\(.*$/gm,
    (_line, name: string) => functions[name as keyof typeof functions],
  );
  const { layers } = shape.packing;
  const sizes = layers.map(({ inPadded, outPadded }) => `${inPadded}x${outPadded}`).join(" ");
  const hash = `${module.hash} ${sizes} ${shape.samples} ${shape.slots} ${shape.gated} ${shape.swish} ${shape.keep}`;
  return { ...module, code, hash };
}
