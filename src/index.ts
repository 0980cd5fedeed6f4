/**
 * fjordgpu: continuous normalizing flows on WebGPU.
 *
 * Layers, each usable alone: tensors and kernels; fields and their solves with gradients; flows and their training.
 */

export * from "./cnf/index.js";
export * as data from "./data/index.js";
export { type EvaluateOptions, type Evaluation, evaluate } from "./field/evaluate.js";
export { initialParams, type MlpField, mlp } from "./field/mlp.js";
export { ACTIVATIONS, type Activation, LAYER_TYPES, type LayerType, type MlpOptions } from "./field/spec.js";
export type { ProbeDistribution, TraceOptions } from "./field/trace.js";
export { type WgslField, type WgslFieldOptions, wgslField } from "./field/wgsl.js";
export type { CalibrationStore } from "./gpu/calibration-store.js";
export {
  type AdapterSummary,
  type BufferUse,
  Device,
  type DeviceStats,
  type OpenOptions,
  openDevice,
} from "./gpu/device.js";
export {
  ArgumentError,
  DataError,
  DeviceLostError,
  type ErrorCode,
  FileFormatError,
  FjordError,
  KernelCompilationError,
  type UnavailableReason,
  WebGPUUnavailableError,
} from "./gpu/errors.js";
export type { KernelTime } from "./gpu/profile.js";
export * as io from "./io/index.js";
export type { Calibration } from "./ode/calibration.js";
export type { SolveStatus } from "./ode/control.js";
export type { Path } from "./ode/execution.js";
export type { Layout } from "./ode/layout.js";
export { METHOD_NAMES, METHODS, type Method, type MethodName } from "./ode/methods.js";
export type { ControllerName, StepOptions } from "./ode/plan.js";
export {
  type GradientOptions,
  type SolveGradient,
  type SolveOptions,
  type SolveResult,
  solve,
} from "./ode/solve.js";
export * as reference from "./reference/index.js";
export * as render from "./render/index.js";
export * as ops from "./tensor/index.js";
export { Tensor, tensor } from "./tensor/index.js";
export * from "./train/index.js";
