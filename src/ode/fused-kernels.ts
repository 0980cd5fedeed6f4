/**
 * The fused kernels by form: the same bindings and constants, but for those that shape the form. Fetched when they are
 * needed, since a page uses few of them.
 */
import type { Device } from "../gpu/device.js";
import type { KernelOf } from "../gpu/kernel.js";
import type { KernelModule } from "../gpu/kernel-module.js";
import type { FusedPlan } from "./fused-plan.js";

const BLOCK = {
  forward: async () => (await import("../generated/fused/block/forward.js")).forward,
  adaptive: async () => (await import("../generated/fused/block/adaptive.js")).adaptive,
  discrete: async () => (await import("../generated/fused/block/discrete.js")).discrete,
  continuous: async () => (await import("../generated/fused/block/continuous.js")).continuous,
  match: async () => (await import("../generated/fused/block/match.js")).match,
} as const;

const STRIP: Readonly<Record<keyof typeof BLOCK, () => Promise<KernelModule>>> = {
  forward: async () => (await import("../generated/fused/strip/forward.js")).forward,
  adaptive: async () => (await import("../generated/fused/strip/adaptive.js")).adaptive,
  discrete: async () => (await import("../generated/fused/strip/discrete.js")).discrete,
  continuous: async () => (await import("../generated/fused/strip/continuous.js")).continuous,
  match: async () => (await import("../generated/fused/strip/match.js")).match,
};

/** The same where weights stay resident: what keeps nothing of adaptive steps, and the discrete adjoint of fixed ones. */
const RESIDENT: Readonly<Partial<Record<keyof typeof BLOCK, () => Promise<KernelModule>>>> = {
  forward: async () => (await import("../generated/fused/resident/forward.js")).forward,
  adaptive: async () => (await import("../generated/fused/resident/adaptive.js")).adaptive,
  discrete: async () => (await import("../generated/fused/resident/discrete.js")).discrete,
  match: async () => (await import("../generated/fused/resident/match.js")).match,
};

type Module<Name extends keyof typeof BLOCK> = Awaited<ReturnType<(typeof BLOCK)[Name]>>;
export type FusedKernel<Name extends keyof typeof BLOCK> = KernelOf<Module<Name>, "main">;

export async function fusedKernel<Name extends keyof typeof BLOCK>(
  device: Device,
  name: Name,
  fused: FusedPlan,
  constants: Record<string, number>,
): Promise<FusedKernel<Name>> {
  const { form, packing, probes } = fused;
  const own = form === "resident" ? RESIDENT[name] : form === "strip" ? STRIP[name] : undefined;
  let module: KernelModule = await (own ?? BLOCK[name])();
  if (form === "resident") {
    const { unrolledModule } = await import("./unrolled.js");
    const gated = packing.layers[0]!.gated;
    module = unrolledModule(module, {
      packing,
      samples: fused.tile,
      slots: 1 + probes,
      keep: name === "discrete" || name === "match",
      gated,
      swish: packing.spec.activation === "swish",
    });
  }
  return device.kernel(module, "main", constants) as unknown as Promise<FusedKernel<Name>>;
}
