/** The fused kernels by form: the same bindings and constants, but for those that shape the form. */
import { adaptive as blockAdaptive } from "../generated/fused/block/adaptive.js";
import { continuous as blockContinuous } from "../generated/fused/block/continuous.js";
import { discrete as blockDiscrete } from "../generated/fused/block/discrete.js";
import { forward as blockForward } from "../generated/fused/block/forward.js";
import { match as blockMatch } from "../generated/fused/block/match.js";
import { continuous as stripContinuous } from "../generated/fused/strip/continuous.js";
import { discrete as stripDiscrete } from "../generated/fused/strip/discrete.js";
import { forward as stripForward } from "../generated/fused/strip/forward.js";
import { match as stripMatch } from "../generated/fused/strip/match.js";
import type { Device } from "../gpu/device.js";
import type { KernelOf } from "../gpu/kernel.js";
import type { KernelModule } from "../gpu/kernel-module.js";
import type { ProductForm } from "./calibration.js";

const BLOCK = {
  forward: blockForward,
  adaptive: blockAdaptive,
  discrete: blockDiscrete,
  continuous: blockContinuous,
  match: blockMatch,
} as const;

/** Solves with fixed steps alone. */
const STRIP: Readonly<Partial<Record<keyof typeof BLOCK, KernelModule>>> = {
  forward: stripForward,
  discrete: stripDiscrete,
  continuous: stripContinuous,
  match: stripMatch,
};

export type FusedKernel<Name extends keyof typeof BLOCK> = KernelOf<(typeof BLOCK)[Name], "main">;

export function fusedKernel<Name extends keyof typeof BLOCK>(
  device: Device,
  name: Name,
  form: ProductForm,
  constants: Record<string, number>,
): Promise<FusedKernel<Name>> {
  const module: KernelModule = (form === "strip" && STRIP[name]) || BLOCK[name];
  return device.kernel(module, "main", constants) as unknown as Promise<FusedKernel<Name>>;
}
