/** One leg of the journey, by the adaptive solver of either engine. */
import { type Device, type MlpField, reference, solve } from "fjordgpu";
import { type AdaptiveMethod, FRAMES, type Leg } from "./protocol.js";

export interface Model {
  readonly field: MlpField;
  readonly params: Float32Array;
  readonly T: number;
}

export interface LegOptions {
  /** [n, 2] */
  readonly from: Float32Array;
  /** From data to noise, or back. */
  readonly direction: "out" | "back";
  readonly method: AdaptiveMethod;
  readonly tolerance: number;
  readonly signal?: AbortSignal;
}

export interface LegEnd {
  /** [n, 2] */
  readonly end: Float32Array;
  readonly nfe: number;
}

function optionsOf({ field, params, T }: Model, leg: LegOptions) {
  const [t0, t1] = leg.direction === "out" ? [0, T] : [T, 0];
  const { method, tolerance, signal, from } = leg;
  const times = Array.from({ length: FRAMES }, (_, i) => t0 + ((t1 - t0) * i) / (FRAMES - 1));
  const control = { method, rtol: tolerance, atol: tolerance };
  // Solves that keep steps are layered; so the others need no kernels of their own either.
  return { times, gpu: { field, params, z0: from, t0, t1, ...control, signal, path: "layered" as const } };
}

/** A failed solve has no leg to show. @throws Error with the solver's message */
function checkStatus({ status, message }: { status: string; message?: string }): void {
  if (status !== "ok") throw new Error(message ?? "The solve did not reach its end.");
}

function solveOnCpu({ field, params }: Model, { times, gpu }: ReturnType<typeof optionsOf>) {
  const theta = Float64Array.from(params);
  const { z0, t0, t1, method, rtol, atol } = gpu;
  const f: reference.RightHandSide = (t, z) => reference.evaluate(field.spec, theta, t, z).f;
  const solved = reference.integrate(f, t0, t1, Float64Array.from(z0), { method, rtol, atol, times });
  checkStatus(solved);
  return solved;
}

/** The end of a leg alone. @throws FjordError `aborted`; Error when the solve fails */
export async function endOf(engine: Device | "cpu", model: Model, leg: LegOptions): Promise<LegEnd> {
  const options = optionsOf(model, leg);
  if (engine === "cpu") {
    const { y, nfe } = solveOnCpu(model, options);
    return { end: Float32Array.from(y), nfe };
  }
  const solved = await solve(engine, options.gpu);
  checkStatus(solved);
  return { end: solved.z, nfe: solved.stats.nfe };
}

/** States at evenly spaced times. */
export async function framesOf(
  engine: Device | "cpu",
  model: Model,
  leg: LegOptions,
): Promise<Float32Array[]> {
  const options = optionsOf(model, leg);
  if (engine === "cpu") return solveOnCpu(model, options).at.map((z) => Float32Array.from(z));
  const solved = await solve(engine, { ...options.gpu, record: { times: options.times } });
  checkStatus(solved);
  return solved.recorded.map(({ z }) => z);
}

/** A leg with its frames and its steps. */
export async function legOf(
  engine: Device | "cpu",
  model: Model,
  leg: LegOptions,
): Promise<Leg & { readonly end: Float32Array }> {
  const options = optionsOf(model, leg);
  if (engine === "cpu") {
    const { y, at, steps, rejected, nfe } = solveOnCpu(model, options);
    const stops = [...steps.map((step) => step.y), y].map((z) => Float32Array.from(z));
    const frames = at.map((z) => Float32Array.from(z));
    return {
      frames,
      stops,
      end: stops.at(-1)!,
      accepted: steps.length,
      rejected: rejected.length,
      nfe,
    };
  }
  // A solve keeps its steps or its states at given times: the same solve twice, for both.
  const solved = await solve(engine, { ...options.gpu, record: "steps" });
  checkStatus(solved);
  const stops = [leg.from, ...solved.recorded.map(({ z }) => z)];
  const { accepted, rejected, nfe } = solved.stats;
  return { frames: await framesOf(engine, model, leg), stops, end: solved.z, accepted, rejected, nfe };
}
