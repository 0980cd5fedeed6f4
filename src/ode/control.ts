/** CPU side of the control and settings blocks (shaders/common/control.wgsl, settings.wgsl). */

import { CONTROLLERS, type StepPlan } from "./plan.js";

/** What became of a solve. The order is that of the constants in shaders/ode/control.wgsl. */
export const STATUS = ["ok", "running", "max-steps", "step-underflow", "non-finite"] as const;
export type SolveStatus = (typeof STATUS)[number];

/** A sentence for each status, for messages. */
export const STATUS_TEXT: Record<SolveStatus, string> = {
  ok: "The solve reached t1.",
  running: "The solve has not ended.",
  "max-steps": "The solve stopped at the largest number of steps before t1: raise maxSteps or rtol.",
  "step-underflow":
    "The step size fell below what f32 time can resolve: the problem is too stiff for this rtol.",
  "non-finite": "The field returned NaN or infinity: the state has left the range of f32.",
};

export const CONTROL_BYTES = 96;
export const SETTINGS_BYTES = 96;

export interface ControlState {
  readonly t: number;
  readonly t0: number;
  readonly t1: number;
  /** Size the controller wanted for the next step. */
  readonly proposedStep: number;
  readonly done: boolean;
  readonly accepted: number;
  readonly rejected: number;
  readonly nfe: number;
  readonly status: SolveStatus;
}

export function readControl(bytes: ArrayBuffer): ControlState {
  const f32 = new Float32Array(bytes);
  const u32 = new Uint32Array(bytes);
  return {
    t: f32[0]!,
    t0: f32[3]!,
    t1: f32[4]!,
    proposedStep: f32[10]!,
    done: u32[13] !== 0,
    accepted: u32[15]!,
    rejected: u32[16]!,
    nfe: u32[17]!,
    status: STATUS[u32[18]!] ?? "running",
  };
}

/** The fields of struct Settings by their names, for a uniform binding. */
export function settingsFields(values: SettingsValues) {
  return {
    fixed_steps: values.fixedSteps,
    max_attempts: values.maxAttempts,
    max_accepted: values.maxAccepted,
    nfe_begin: values.nfeBegin,
    nfe_step: values.nfeStep,
    count_0: values.counts[0],
    count_1: values.counts[1],
    count_2: values.counts[2],
    groups: values.groups,
    rtol: values.rtol,
    atol: values.atol,
    first_step: values.firstStep,
    min_step: values.minStep,
    max_step: values.maxStep,
    safety: values.safety,
    factor_min: values.factorMin,
    factor_max: values.factorMax,
    power_1: values.powers[0],
    power_2: values.powers[1],
    power_3: values.powers[2],
    order_power: values.orderPower,
    spare_0: 0,
    spare_1: 0,
    spare_2: 0,
  };
}

export interface SettingsValues {
  readonly fixedSteps: number;
  readonly maxAttempts: number;
  readonly maxAccepted: number;
  readonly nfeBegin: number;
  readonly nfeStep: number;
  readonly counts: readonly [number, number, number];
  readonly groups: number;
  readonly rtol: number;
  readonly atol: number;
  readonly firstStep: number;
  readonly minStep: number;
  readonly maxStep: number;
  readonly safety: number;
  readonly factorMin: number;
  readonly factorMax: number;
  readonly powers: readonly [number, number, number];
  readonly orderPower: number;
}

/** What a plan asks for, but for what depends on who carries it out. */
export function plannedSettings(plan: StepPlan) {
  const q = (plan.method.embeddedOrder ?? plan.method.order) + 1;
  return {
    fixedSteps: plan.fixedSteps,
    maxAttempts: plan.maxSteps,
    rtol: plan.rtol,
    atol: plan.atol,
    firstStep: plan.firstStep,
    minStep: plan.minStep,
    maxStep: plan.maxStep,
    safety: 0.9,
    factorMin: 0.2,
    factorMax: 10,
    powers: CONTROLLERS[plan.controller].map((beta) => beta / q) as [number, number, number],
    orderPower: 1 / q,
  };
}

export function settingsBytes(values: SettingsValues): Uint8Array {
  const bytes = new ArrayBuffer(SETTINGS_BYTES);
  const { fixedSteps, maxAttempts, maxAccepted, nfeBegin, nfeStep, counts, groups } = values;
  new Uint32Array(bytes).set([fixedSteps, maxAttempts, maxAccepted, nfeBegin, nfeStep, ...counts, groups]);
  const { rtol, atol, firstStep, minStep, maxStep, safety, factorMin, factorMax, powers, orderPower } =
    values;
  const floats = [
    rtol,
    atol,
    firstStep,
    minStep,
    maxStep,
    safety,
    factorMin,
    factorMax,
    ...powers,
    orderPower,
  ];
  new Float32Array(bytes).set(floats, 9);
  return new Uint8Array(bytes);
}
