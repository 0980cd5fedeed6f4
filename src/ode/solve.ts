/**
 * `solve`: integrate a field on the GPU and, when asked, differentiate the solve. The one function that composes
 * field, method, controller, trace, recorder and gradient.
 */
import type { MlpField } from "../field/mlp.js";
import { type TraceOptions, tracePlan } from "../field/trace.js";
import { Weights } from "../field/weights.js";
import type { WgslField } from "../field/wgsl.js";
import type { Device } from "../gpu/device.js";
import { ArgumentError, DataError, FjordError, oneOf } from "../gpu/errors.js";
import { type ControlState, type SolveStatus, STATUS_TEXT } from "./control.js";
import { type Adjoint, type Forward, isLayered, type Path } from "./execution.js";
import type { Integrand } from "./forward.js";
import { createAdjoint, createForward } from "./paths.js";
import { type StepOptions, type StepPlan, stepPlan } from "./plan.js";
import { checkRegularise, type RegulariseOptions, type Regularisers } from "./regularise.js";
import { runSteps } from "./runner.js";

/** How a solve is differentiated; the continuous adjoint may have steps and tolerances of its own. */
export type GradientOptions = "discrete" | "continuous" | ({ kind: "continuous" } & StepOptions);

export interface SolveOptions extends StepOptions {
  field: MlpField | WgslField;
  /** θ [P], or the parameters of a WGSL field. */
  params: Float32Array;
  /** [B, D], row-major. */
  z0: Float32Array;
  t0: number;
  /** May lie before t0. */
  t1: number;
  /** Integrate −tr ∂f/∂z as well (MLP fields). */
  trace?: TraceOptions;
  /** [M, B, D]: carried through the solve; they end as the Jacobian of the map times themselves. */
  tangents?: Float32Array;
  /** What else to keep: the states at times between t0 and t1 (dense output), or after every accepted step. */
  record?: { times: readonly number[] } | "steps";
  /** Prepare for `backward`. */
  gradient?: GradientOptions;
  /**
   * What `backward` adds to the gradient: that of RNODE's regularisers along the solve (src/ode/regularise.ts). For the
   * discrete gradient and t1 ≥ t0.
   */
  regularise?: RegulariseOptions;
  signal?: AbortSignal;
}

export interface SolveStats {
  readonly accepted: number;
  readonly rejected: number;
  /** Evaluations of the field. */
  readonly nfe: number;
}

export interface SolveState {
  readonly t: number;
  /** [B, D]. */
  readonly z: Float32Array;
  /** [B], with a trace. */
  readonly delta?: Float32Array;
  /** [M, B, D], with tangents. */
  readonly tangents?: Float32Array;
}

export interface SolveGradient {
  /** dL/dθ [P], dL/dz0 [B, D]. */
  readonly params: Float32Array;
  readonly z0: Float32Array;
  readonly t0: number;
  readonly t1: number;
  readonly stats: SolveStats;
  readonly status: SolveStatus;
}

export interface SolveResult extends SolveState {
  /**
   * "ok", or why the solve ended before t1; z, delta and t are then those of the last accepted step. Fixed steps go
   * on to t1 whatever happens: "non-finite" then means that z or delta has left the range of f32.
   */
  readonly status: SolveStatus;
  /** How it was carried out. */
  readonly path: Path;
  /** The status as a sentence. */
  readonly message: string;
  readonly stats: SolveStats;
  /** States at the requested times (those that were reached), or after every accepted step. */
  readonly recorded: readonly SolveState[];
  /** With record "steps": start and length of every accepted step. */
  readonly steps: readonly { readonly t: number; readonly h: number }[];
  readonly warnings: readonly string[];
  /**
   * Gradient of L from dL/dz(t1) [B, D] and dL/dΔ(t1) [B] (default 0). Needs the option `gradient`; may be called
   * again. @throws FjordError `not-differentiable`, `disposed`
   */
  backward(
    cotangent: { z: Float32Array; delta?: Float32Array },
    signal?: AbortSignal,
  ): Promise<SolveGradient>;
  /** Frees the GPU memory that `backward` needs. Results are on the CPU and stay. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** Room for kept steps when their number is not known beforehand and maxSteps does not say. */
const KEPT_STEPS = 512;

/**
 * Integrates dz/dt = f(t, z) from t0 to t1.
 * @throws ArgumentError, DataError (NaN in z0, with its row), DeviceLostError, FjordError `aborted`
 */
export async function solve(device: Device, options: SolveOptions): Promise<SolveResult> {
  const checked = checkSolve(options);
  const { batch, plan, trace, times, tangents, backward, regularise } = checked;
  const { field } = options;
  if (batch === 0) return emptyResult(options, plan);
  const weights = field.kind === "mlp" ? await Weights.create(device, field.spec, options.params) : undefined;
  const integrand: Integrand = weights
    ? { kind: "mlp", weights }
    : { kind: "wgsl", field: field as WgslField, params: options.params };
  const keep = options.gradient === "discrete" ? plan.maxSteps : 0;
  const record = times
    ? { times: times.length }
    : options.record === "steps"
      ? { steps: plan.maxSteps }
      : undefined;
  let forward: Forward | undefined;
  try {
    forward = await device.allocate("the solve", () =>
      createForward(device, integrand, { batch, plan, trace, tangents, keep, record, backward, regularise }),
    );
    device.write(forward.state, options.z0);
    if (options.tangents) device.write(forward.state, options.tangents, options.z0.byteLength);
    device.write(forward.interval, new Float32Array([options.t0, options.t1]));
    if (times && isLayered(forward)) device.write(forward.stepper.times, new Float32Array(times));
    const control = await runSteps(device, forward.steps(), options.signal);
    return await readResult(device, options, checked, forward, weights, control);
  } catch (error) {
    forward?.dispose();
    weights?.dispose();
    throw error;
  }
}

interface Checked {
  readonly batch: number;
  readonly dim: number;
  readonly plan: StepPlan;
  readonly trace: ReturnType<typeof tracePlan> | undefined;
  readonly tangents: number;
  readonly times: readonly number[] | undefined;
  /** Of the continuous adjoint, where that is asked for. */
  readonly backward: StepPlan | undefined;
  readonly regularise: Regularisers | undefined;
}

function checkSolve(options: SolveOptions): Checked {
  const { field, z0, t0, t1, record, tangents } = options;
  const { dim } = field;
  const batch = z0.length / dim;
  if (!Number.isInteger(batch)) {
    throw new ArgumentError(`z0 has ${z0.length} entries.`, `It must be [batch, ${dim}], row-major.`);
  }
  checkFinite("z0", z0, dim);
  checkTime("t0", t0);
  checkTime("t1", t1);
  const keeps = options.gradient === "discrete" || record === "steps";
  const asked = stepPlan(options, keeps ? KEPT_STEPS : undefined);
  const plan = planOver(asked, t0, t1);
  if (field.kind === "wgsl" && (options.trace || options.gradient)) {
    throw new FjordError(
      "not-differentiable",
      "A WGSL field has no trace and no gradient.",
      "Use an MLP field for these.",
    );
  }
  const planes = tangents ? tangents.length / z0.length : 0;
  if (!Number.isInteger(planes)) {
    throw new ArgumentError(`tangents has ${tangents?.length} entries.`, `It must be [M, ${batch}, ${dim}].`);
  }
  let backward: StepPlan | undefined;
  if (options.gradient !== undefined) {
    backward = backwardPlan(options, options.gradient);
    if (planes > 0)
      throw new FjordError(
        "not-differentiable",
        "Tangents have no gradient.",
        "Leave tangents or gradient out.",
      );
  }
  const times = record === undefined || record === "steps" ? undefined : record.times;
  for (const time of times ?? []) {
    if (!(time >= Math.min(t0, t1) && time <= Math.max(t0, t1))) {
      throw new ArgumentError(
        `record.times holds ${time}.`,
        `Times must lie between t0 = ${t0} and t1 = ${t1}.`,
      );
    }
  }
  const trace = options.trace && batch > 0 ? tracePlan(options.trace, dim, batch) : undefined;
  const regularise = checkRegularise(options.regularise, {
    discrete: options.gradient === "discrete",
    traced: options.trace !== undefined,
  });
  if (regularise && t1 < t0)
    throw new ArgumentError("regularise was given for a solve back in time.", "Its integrals need t1 ≥ t0.");
  return { batch, dim, plan, trace, tangents: planes, times, backward, regularise };
}

/** @throws ArgumentError unless the time is finite in f32 */
function checkTime(what: string, time: number): void {
  if (Number.isFinite(Math.fround(time))) return;
  throw new ArgumentError(`${what} is ${time}.`, "Times must be finite, and below 3.4e38 in size.");
}

/** What `backward` will use, checked at once: the steps of the continuous adjoint, if that is asked for. */
function backwardPlan(options: SolveOptions, gradient: GradientOptions): StepPlan | undefined {
  const { t0, t1 } = options;
  if (typeof gradient === "string") {
    oneOf("gradient", gradient, ["discrete", "continuous"]);
    return gradient === "discrete" ? undefined : planOver(stepPlan(options), t0, t1);
  }
  oneOf("gradient.kind", gradient.kind, ["continuous"]);
  return planOver(stepPlan({ ...options, ...gradient }), t0, t1);
}

/**
 * Nothing to adapt over an interval that is empty in f32: one step of length 0 gives state and gradients their right
 * values.
 */
function planOver(plan: StepPlan, t0: number, t1: number): StepPlan {
  return plan.fixedSteps === 0 && Math.fround(t0) === Math.fround(t1)
    ? { ...plan, fixedSteps: 1, maxSteps: 1 }
    : plan;
}

/** @throws DataError naming the first row and column that is not finite */
export function checkFinite(what: string, values: Float32Array, dim: number): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const place = `row ${Math.floor(bad / dim)}, column ${bad % dim}`;
  throw new DataError(
    `${what} holds ${values[bad]} at ${place} (counted from 0).`,
    "Remove or replace that row.",
  );
}

async function readResult(
  device: Device,
  options: SolveOptions,
  checked: Checked,
  forward: Forward,
  weights: Weights | undefined,
  steered: ControlState,
): Promise<SolveResult> {
  const { times } = checked;
  const { deltaAt } = forward;
  const state = splitState(await device.readF32(forward.state), 0, steered.t, deltaAt, checked);
  // Fixed steps have no error norm that would notice.
  const lost =
    steered.status === "ok" && ![state.z, state.delta ?? []].every((part) => part.every(Number.isFinite));
  const control: ControlState = lost ? { ...steered, status: "non-finite" } : steered;
  const recorded: SolveState[] = [];
  const steps: { t: number; h: number }[] = [];
  const stepper = isLayered(forward) ? forward.stepper : undefined;
  if (stepper && times && times.length > 0) {
    const values = await device.readF32(stepper.recorded);
    times.forEach((t, j) => {
      // A solve that ended early has nothing to say about the times behind its end.
      if (Math.abs(t - options.t0) > Math.abs(control.t - options.t0) && control.status !== "ok") return;
      recorded.push(splitState(values, j * stepper.stateSize, t, deltaAt, checked));
    });
  } else if (stepper && options.record === "steps") {
    const values = await device.readF32(stepper.recorded);
    const places = await device.readF32(stepper.steps);
    for (let n = 0; n < control.accepted; n++) {
      const [t, h] = [places[4 * n]!, places[4 * n + 1]!];
      steps.push({ t, h });
      recorded.push(splitState(values, n * stepper.stateSize, t + h, deltaAt, checked));
    }
  }
  const tape =
    options.gradient === undefined || !weights
      ? undefined
      : new Tape(device, checked, forward, weights, control);
  const dispose = () => {
    tape?.dispose();
    forward.dispose();
    weights?.dispose();
  };
  if (!tape) dispose();
  return {
    ...state,
    status: control.status,
    path: forward.path,
    message: STATUS_TEXT[control.status],
    stats: statsOf(control),
    recorded,
    steps,
    warnings: checked.plan.warnings,
    backward: async (cotangent, signal) => {
      if (!tape)
        throw new FjordError(
          "not-differentiable",
          "This solve was made without a gradient.",
          'Give gradient: "discrete".',
        );
      return tape.backward(cotangent, signal);
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

const statsOf = ({ accepted, rejected, nfe }: ControlState): SolveStats => ({ accepted, rejected, nfe });

function splitState(
  values: Float32Array,
  at: number,
  t: number,
  deltaAt: number,
  checked: Checked,
): SolveState {
  const { batch, dim, tangents, trace } = checked;
  const size = batch * dim;
  return {
    t,
    z: values.slice(at, at + size),
    ...(trace && { delta: values.slice(at + deltaAt, at + deltaAt + batch) }),
    ...(tangents > 0 && { tangents: values.slice(at + size, at + (1 + tangents) * size) }),
  };
}

/** What `backward` needs: the forward solve's buffers, and the adjoint made at the first call. */
class Tape {
  #adjoint: Promise<Adjoint> | undefined;
  #disposed = false;

  constructor(
    private readonly device: Device,
    private readonly checked: Checked,
    private readonly forward: Forward,
    private readonly weights: Weights,
    private readonly control: ControlState,
  ) {}

  async backward(
    cotangent: { z: Float32Array; delta?: Float32Array },
    signal?: AbortSignal,
  ): Promise<SolveGradient> {
    if (this.#disposed) throw new FjordError("disposed", "backward was called after dispose().");
    const { device, control, checked } = this;
    const { batch, dim } = checked;
    const delta = cotangent.delta ?? new Float32Array(batch);
    if (cotangent.z.length !== batch * dim || delta.length !== batch) {
      throw new ArgumentError(
        `The cotangents have ${cotangent.z.length} and ${delta.length} entries.`,
        `They must be [${batch}, ${dim}] and [${batch}].`,
      );
    }
    if (control.status !== "ok") {
      throw new FjordError(
        "not-differentiable",
        STATUS_TEXT[control.status],
        "Only a solve that reached t1 has a gradient.",
      );
    }
    this.#adjoint ??= device.allocate("the adjoint", () => createAdjoint(this.forward, checked.backward));
    const adjoint = await this.#adjoint;
    device.write(adjoint.stateBar, cotangent.z);
    device.write(adjoint.deltaBar, delta);
    const steps = adjoint.steps(control.accepted);
    const end = [...(steps.end ?? []), ...adjoint.ends()];
    const done = await runSteps(device, { ...steps, end }, signal);
    const [thetaBar, z0, interval] = await Promise.all([
      device.readF32(adjoint.thetaBar),
      device.readF32(adjoint.stateBar),
      device.readF32(adjoint.intervalBar),
    ]);
    return {
      params: thetaBar.slice(0, this.weights.packing.paramCount),
      z0: z0.slice(0, batch * dim),
      t0: interval[0]!,
      t1: interval[1]!,
      stats: statsOf(done),
      status: done.status,
    };
  }

  dispose(): void {
    this.#disposed = true;
    this.#adjoint?.then((adjoint) => adjoint.dispose()).catch(() => {});
  }
}

function emptyResult(options: SolveOptions, plan: StepPlan): SolveResult {
  const none = new Float32Array();
  const stats = { accepted: 0, rejected: 0, nfe: 0 };
  const gradient = {
    params: new Float32Array(options.params.length),
    z0: none,
    t0: 0,
    t1: 0,
    stats,
    status: "ok" as const,
  };
  return {
    t: options.t1,
    z: none,
    ...(options.trace && { delta: none }),
    status: "ok",
    path: "layered",
    message: STATUS_TEXT.ok,
    stats,
    recorded: [],
    steps: [],
    warnings: plan.warnings,
    backward: async () => gradient,
    dispose: () => {},
    [Symbol.dispose]: () => {},
  };
}
