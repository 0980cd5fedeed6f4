/**
 * The `reference` namespace: fields, solves, flows and gradients in float64 on the CPU, the oracle of the GPU engine.
 * For checking a device, for exact solutions beside computed ones, and for small problems where WebGPU is missing.
 */
export { PURPOSE, randomIndices, randomNormal, randomRademacher, randomUniform } from "../tensor/random.js";
export { ACTIVATION as activations } from "./activation.js";
export { type AdamOptions, type AdamState, adamStart, adamStep } from "./adam.js";
export { logProb, lossGradient, negativeLogLikelihood, type ReferenceFlow, sample } from "./cnf.js";
export { evaluate, reverse } from "./field.js";
export { continuousGradient, discreteGradient } from "./gradient.js";
export { type AcceptedStep, integrate, type Solution, type SolveOptions } from "./integrate.js";
export { type Matches, matchGradient } from "./match.js";
export type { RightHandSide } from "./runge-kutta.js";
export { type JointSolution, solve } from "./solve.js";
export { divergence, exactTrace, hutchinsonTrace, type Trace, traceSeeds } from "./trace.js";
