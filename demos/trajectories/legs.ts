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

/**
 * @param keep what is wanted besides the end: nothing, the frames, or frames and stops
 * @throws FjordError `aborted`; Error with the solver's message where it does not reach its end
 */
export async function legOf(
  engine: Device | "cpu",
  model: Model,
  leg: LegOptions,
  keep: "end" | "frames" | "all" = "end",
): Promise<Leg> {
  const { field, params, T } = model;
  const { from, method, tolerance, signal } = leg;
  const [t0, t1] = leg.direction === "out" ? [0, T] : [T, 0];
  const times = Array.from({ length: FRAMES }, (_, i) => t0 + ((t1 - t0) * i) / (FRAMES - 1));
  const control = { method, rtol: tolerance, atol: tolerance };
  if (engine === "cpu") {
    const theta = Float64Array.from(params);
    const f: reference.RightHandSide = (t, z) => reference.evaluate(field.spec, theta, t, z).f;
    const solved = reference.integrate(f, t0, t1, Float64Array.from(from), { ...control, times });
    if (solved.status !== "ok") throw new Error("The solve did not reach its end.");
    const [end, ...starts] = [solved.y, ...solved.steps.map(({ y }) => y)].map((z) => Float32Array.from(z));
    return {
      frames: solved.at.map((z) => Float32Array.from(z)),
      stops: [...starts, end!],
      end: end!,
      accepted: solved.steps.length,
      rejected: solved.rejected.length,
      nfe: solved.nfe,
    };
  }
  // A solve keeps its steps or its states at given times: for both, the same solve is made twice.
  const record = keep === "end" ? undefined : keep === "all" ? ("steps" as const) : { times };
  // Solves that keep something are layered; so the others need no kernels of their own.
  const options = { field, params, z0: from, t0, t1, ...control, signal, path: "layered" as const };
  const solved = await solve(engine, { ...options, record });
  if (solved.status !== "ok") throw new Error(solved.message);
  const states = solved.recorded.map(({ z }) => z);
  const frames = keep === "all" ? (await legOf(engine, model, leg, "frames")).frames : states;
  return { ...solved.stats, frames, stops: keep === "all" ? [from, ...states] : [], end: solved.z };
}
