/**
 * Every failure of the library is a FjordError: `code` is for programs, the message is one sentence for
 * people that names the offending value, and `hint` says what to do about it.
 */

/** Machine-readable reasons. A code never changes meaning; new ones may be added. */
export type ErrorCode =
  | "webgpu-unavailable"
  | "device-lost"
  | "out-of-memory"
  | "limit-exceeded"
  | "kernel-compilation"
  | "disposed"
  | "bad-argument"
  | "bad-data"
  | "bad-file"
  | "not-differentiable"
  | "non-finite"
  | "solve-failed"
  | "aborted";

export class FjordError extends Error {
  override readonly name: string = "FjordError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly hint = "",
    options?: ErrorOptions,
  ) {
    super(hint ? `${message} ${hint}` : message, options);
  }
}

/** Why no device could be opened. */
export type UnavailableReason = "no-api" | "insecure-context" | "no-adapter" | "device-failed";

export class WebGPUUnavailableError extends FjordError {
  override readonly name = "WebGPUUnavailableError";
  constructor(
    readonly reason: UnavailableReason,
    message: string,
    hint: string,
    options?: ErrorOptions,
  ) {
    super("webgpu-unavailable", message, hint, options);
  }
}

export class DeviceLostError extends FjordError {
  override readonly name = "DeviceLostError";
  constructor(message: string, options?: ErrorOptions) {
    super("device-lost", message, "Open a new device and continue from the last checkpoint.", options);
  }
}

export class KernelCompilationError extends FjordError {
  override readonly name = "KernelCompilationError";
  constructor(
    readonly kernel: string,
    readonly line: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super("kernel-compilation", message, "", options);
  }
}

/** Wrong argument: a shape, a range, an unknown name. */
export class ArgumentError extends FjordError {
  override readonly name = "ArgumentError";
  constructor(message: string, hint = "") {
    super("bad-argument", message, hint);
  }
}

/** Data that cannot be used: NaN with its row and column, no rows, ragged rows. */
export class DataError extends FjordError {
  override readonly name = "DataError";
  constructor(message: string, hint = "") {
    super("bad-data", message, hint);
  }
}

/** A file that is cut short, of another kind, or inconsistent in itself. */
export class FileFormatError extends FjordError {
  override readonly name = "FileFormatError";
  constructor(message: string, hint = "") {
    super("bad-file", message, hint);
  }
}

/** Throws an ArgumentError naming the value unless it is one of the allowed names. */
export function oneOf<T extends string>(what: string, value: unknown, allowed: readonly T[]): T {
  if (!allowed.includes(value as T)) {
    throw new ArgumentError(`${what} is ${JSON.stringify(value)}.`, `Use one of: ${allowed.join(", ")}.`);
  }
  return value as T;
}

/** Throws an ArgumentError naming the value unless it is an integer in [min, max]. */
export function integerIn(what: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new ArgumentError(`${what} is ${value}.`, `It must be an integer ${range}.`);
  }
  return value;
}

/** Throws an ArgumentError naming the value unless it is finite (and above `above`, where given). */
export function finite(what: string, value: number, above?: number): number {
  if (!Number.isFinite(value) || (above !== undefined && value <= above)) {
    const range = above === undefined ? "finite" : `finite and above ${above}`;
    throw new ArgumentError(`${what} is ${value}.`, `It must be ${range}.`);
  }
  return value;
}
