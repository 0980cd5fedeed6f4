/** The adapter's name as the pages show it. */
import type { AdapterSummary } from "fjordgpu";

/** e.g. "nvidia ampere", "google swiftshader". */
export function adapterName({ vendor, architecture, description }: AdapterSummary): string {
  return [vendor, architecture].filter(Boolean).join(" ") || description || "unnamed";
}
