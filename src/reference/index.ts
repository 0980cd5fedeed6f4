/**
 * The `reference` namespace: fields, solves and gradients in float64 on the CPU, the oracle of the GPU engine. For
 * checking a device, for exact solutions beside computed ones, and for small problems where WebGPU is missing.
 */
export { PURPOSE, randomNormal, randomRademacher, randomUniform } from "../tensor/random.js";
export { ACTIVATION as activations } from "./activation.js";
export { evaluate, reverse } from "./field.js";
export { continuousGradient, discreteGradient } from "./gradient.js";
export { type AcceptedStep, integrate, type Solution, type SolveOptions } from "./integrate.js";
export type { RightHandSide } from "./runge-kutta.js";
export { solve } from "./solve.js";
export { divergence, exactTrace, hutchinsonTrace, traceSeeds } from "./trace.js";
