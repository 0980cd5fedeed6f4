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
  return { kind: "failed", message };
}
