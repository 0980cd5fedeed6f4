/**
 * How a solve is laid out on a device, as far as that decides the order of sums, hence the bits: what a checkpoint
 * keeps of a choice that was measured.
 */
import type { Weights } from "../field/weights.js";
import type { Device } from "../gpu/device.js";
import { formsOf, layeredForm } from "./calibration.js";
import { PATHS, type Path } from "./execution.js";
import {
  FUSED_FORMS,
  type FusedForm,
  type FusedShape,
  type FusedTiling,
  fittingTiles,
  fusedPlan,
  usualTiling,
} from "./fused-plan.js";
import type { TileTrial } from "./tile-trial.js";

export interface Layout {
  readonly path: Path;
  /** Of the layer products; layered: "block" or "strip". */
  readonly form: FusedForm;
  /** Samples of a workgroup (fused). */
  readonly tile?: number;
  /** The rows of a workgroup stand in global memory (fused). */
  readonly spill?: boolean;
}

/** What the device takes by itself; rows of a workgroup are timed at first use of a shape. @throws DeviceLostError */
export async function usualLayout(
  device: Device,
  path: Path,
  shape: FusedShape,
  weights: Weights,
): Promise<Layout> {
  if (path === "layered") return { path, form: await layeredForm(device, shape.packing) };
  const tiling = await usualTiling(device);
  const trial = await tileTrial(device, shape, weights);
  return fusedLayout(shape, typeof trial === "string" ? tiling : { ...tiling, tile: trial.tile });
}

/** What was measured of the tiles of a shape, now or earlier; why nothing is, as the rest of a sentence. */
export async function tileTrial(
  device: Device,
  shape: FusedShape,
  weights: Weights,
): Promise<TileTrial | string> {
  if (device.calibration === "off") return "as the device was opened without calibration";
  if (device.adapter.isSoftware) return "as software adapters compile for seconds";
  if (fittingTiles(shape).length < 2) return "as no other fits workgroup memory";
  // Fetched where there is something to measure: a page on a software adapter does without.
  return (await import("./tile-trial.js")).triedTile(device, weights, shape);
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
