/** What went wrong, as plain data that can cross from a worker to its page. */
import { DeviceLostError, FjordError, WebGPUUnavailableError } from "fjordgpu";

export interface Failure {
  readonly kind: "unavailable" | "lost" | "failed";
  /** One or two sentences for people: what happened and, where known, what to do. */
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof WebGPUUnavailableError) return { kind: "unavailable", message };
  if (error instanceof DeviceLostError || (error instanceof FjordError && error.code === "device-lost")) {
    return { kind: "lost", message };
  }
  // Code that is fetched when it is first wanted; each browser has its own words for it.
  if (error instanceof TypeError && /dynamically imported module|importing a module/i.test(message)) {
    return { kind: "failed", message: "A part of this page could not be fetched. Check the connection." };
  }
  return { kind: "failed", message };
}
