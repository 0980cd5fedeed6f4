/** The adapter's name as the pages show it. */
import type { AdapterSummary } from "fjordgpu";

/** e.g. "nvidia ampere", "google swiftshader". */
export function adapterName({ vendor, architecture, description }: AdapterSummary): string {
  return [vendor, architecture].filter(Boolean).join(" ") || description || "unnamed";
}

/** The same, for pages that change nothing else where the processor stands in: "google swiftshader, software". */
export function adapterTitle(adapter: AdapterSummary): string {
  return adapterName(adapter) + (adapter.isSoftware ? ", software" : "");
}
