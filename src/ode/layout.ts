/**
 * How a solve is laid out on a device, as far as that decides the order of sums, hence the bits: what a checkpoint
 * keeps of a choice that was measured.
 */
import type { Device } from "../gpu/device.js";
import { formsOf, layeredForm } from "./calibration.js";
import { PATHS, type Path } from "./execution.js";
import {
  FUSED_FORMS,
  type FusedForm,
  type FusedShape,
  type FusedTiling,
  fusedPlan,
  usualTiling,
} from "./fused-plan.js";

export interface Layout {
  readonly path: Path;
  /** Of the layer products; layered: "block" or "strip". */
  readonly form: FusedForm;
  /** Samples of a workgroup (fused). */
  readonly tile?: number;
  /** The rows of a workgroup stand in global memory (fused). */
  readonly spill?: boolean;
}

/** What the device takes by itself. @throws DeviceLostError */
export async function usualLayout(device: Device, path: Path, shape: FusedShape): Promise<Layout> {
  if (path === "layered") return { path, form: await layeredForm(device, shape.packing) };
  return fusedLayout(shape, await usualTiling(device));
}

/** What becomes of a tiling with this shape. Given as a tiling again, it gives itself. */
export function fusedLayout(shape: FusedShape, tiling: FusedTiling): Layout {
  const { form, tile, spill } = fusedPlan(shape, tiling);
  return { path: "fused", form, tile, spill };
}

/**
 * Why a saved layout cannot be taken, as a sentence; undefined if it can.
 * @param saved anything: it may be of a file @param refusal why the fused path does not take the shape, if so
 */
export function layoutRefusal(
  device: Device,
  shape: FusedShape,
  saved: Layout,
  refusal: string | undefined,
): string | undefined {
  const forms: readonly string[] = saved.path === "fused" ? FUSED_FORMS : FUSED_FORMS.slice(0, 2);
  if (!PATHS.includes(saved.path) || !forms.includes(saved.form))
    return `${JSON.stringify(saved)} is no layout that this version knows.`;
  if (saved.form !== "block" && !formsOf(device).includes("strip"))
    return `Products in the form "${saved.form}" need an adapter of 4-wide subgroups.`;
  if (saved.path === "layered") return undefined;
  if (refusal) return refusal;
  const taken = fusedLayout(shape, saved);
  const same = taken.form === saved.form && taken.tile === saved.tile && taken.spill === saved.spill;
  return same ? undefined : `The fused kernels do not take this shape as ${JSON.stringify(saved)}.`;
}
