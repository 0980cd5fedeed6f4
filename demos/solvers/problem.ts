/** A system with its numbers filled in, and one solve of it on either engine. */
import {
  type Device,
  type MethodName,
  type MlpField,
  readModel,
  reference,
  solve,
  type WgslField,
  wgslField,
} from "fjordgpu";
import type { Engine, Settings } from "./protocol.js";
import { systemOf } from "./systems.js";

export interface Problem {
  readonly field: WgslField | MlpField;
  readonly params: Float32Array;
  /** The same field in float64, with the same float32 parameters. */
  readonly f: reference.RightHandSide;
  readonly z0: Float32Array;
  readonly t1: number;
}

type Model = Pick<ReturnType<typeof readModel>, "field" | "params" | "T">;

const models = new Map<string, Promise<Model>>();

async function fetchModel(url: string): Promise<Model> {
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(`The model could not be loaded: ${response.status} ${response.statusText}.`);
  return readModel(new Uint8Array(await response.arrayBuffer()));
}

/** The learned field, fetched once. */
function learned(url: string): Promise<Model> {
  let model = models.get(url);
  if (!model) {
    model = fetchModel(url);
    models.set(url, model);
    model.catch(() => models.delete(url));
  }
  return model;
}

export async function problemOf(settings: Settings, modelUrl: string): Promise<Problem> {
  const z0 = Float32Array.of(settings.x, settings.y);
  const { equations } = systemOf(settings.system);
  if (!equations) {
    const { field, params, T } = await learned(modelUrl);
    const theta = Float64Array.from(params!);
    const f: reference.RightHandSide = (t, z) => reference.evaluate(field.spec, theta, t, z).f;
    return { field, params: params!, f, z0, t1: T! };
  }
  // Both engines are to solve the same problem: the parameter is rounded for both.
  const params = Float32Array.of(settings.p);
  const field = wgslField({ dim: 2, parameters: 1, code: equations.wgsl });
  return { field, params, f: equations.f(params[0]!), z0, t1: Math.fround(settings.t1) };
}

export interface Steps {
  readonly method: MethodName;
  /** Fixed steps; absent: adaptive, with this tolerance. */
  readonly steps?: number;
  readonly tolerance?: number;
}

export interface Run {
  readonly status: string;
  readonly message: string;
  readonly z: ArrayLike<number>;
  readonly nfe: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Where each accepted step began, and its length. */
  readonly steps: readonly { readonly t: number; readonly h: number }[];
  /** States after each accepted step. */
  readonly states: readonly ArrayLike<number>[];
  readonly warnings: readonly string[];
}

/** The most attempts of a solve: enough for every setting of the page, and soon over. */
const MAX_STEPS = 5000;

const MESSAGES = {
  ok: "The solve reached its end.",
  "max-steps": `More than ${MAX_STEPS} steps would be needed.`,
  "step-underflow": "The steps became too short to move the time.",
  "non-finite": "The solution left the range of numbers.",
} as const;

/** @param record also where the steps were; else `steps` and `states` are empty */
export async function run(
  engine: Device | "cpu",
  problem: Problem,
  options: Steps,
  record = false,
): Promise<Run> {
  const { field, params, f, z0, t1 } = problem;
  const { method, steps, tolerance } = options;
  const control = { method, steps, rtol: tolerance, atol: tolerance, maxSteps: MAX_STEPS };
  if (engine === "cpu") {
    const solution = reference.integrate(f, 0, t1, Float64Array.from(z0), control);
    const states = [...solution.steps.slice(1).map(({ y }) => y), solution.y];
    return {
      status: solution.status,
      message: MESSAGES[solution.status],
      z: solution.y,
      nfe: solution.nfe,
      accepted: solution.steps.length,
      rejected: solution.rejected.length,
      steps: record ? solution.steps.map(({ t, dt }) => ({ t, h: dt })) : [],
      states: record ? states : [],
      warnings: [],
    };
  }
  const solved = await solve(engine, {
    field,
    params,
    z0,
    t0: 0,
    t1,
    ...control,
    ...(record && { record: "steps" as const }),
  });
  return {
    status: solved.status,
    message: solved.message,
    z: solved.z,
    nfe: solved.stats.nfe,
    accepted: solved.stats.accepted,
    rejected: solved.stats.rejected,
    steps: solved.steps,
    states: solved.recorded.map(({ z }) => z),
    warnings: solved.warnings,
  };
}

/** The solution to 12 digits at `count` evenly spaced times. */
export function exactSolution({ f, z0, t1 }: Problem, count: number): { t: Float64Array; z: Float64Array } {
  const t = Float64Array.from({ length: count }, (_, i) => (i === count - 1 ? t1 : (i * t1) / (count - 1)));
  const solution = reference.integrate(f, 0, t1, Float64Array.from(z0), {
    method: "dopri8",
    rtol: 1e-12,
    atol: 1e-12,
    // Between its steps the method is interpolated by cubics, which must not be seen.
    maxStep: t1 / 50,
    times: [...t],
  });
  const z = new Float64Array(2 * count).fill(Number.NaN);
  solution.at.forEach((state, i) => {
    z.set(state, 2 * i);
  });
  return { t, z };
}

/** ‖z − exact‖ / max(1, ‖exact‖). */
export function relativeError(z: ArrayLike<number>, exact: ArrayLike<number>): number {
  const difference = Math.hypot(z[0]! - exact[0]!, z[1]! - exact[1]!);
  return difference / Math.max(1, Math.hypot(exact[0]!, exact[1]!));
}

/** Below this a relative error at the end of a solve is rounding, no longer the method's. */
export function roundingFloor(engine: Engine): number {
  return engine === "gpu" ? 1e-5 : 1e-11;
}
