/** The public tensor layer. Every operation makes a new tensor; all but `tensor` and `zeros` return a promise. */
export {
  type ActivationOptions,
  abs,
  activation,
  add,
  div,
  exp,
  log,
  log1p,
  maximum,
  minimum,
  mul,
  neg,
  type Operand,
  scale,
  sqrt,
  square,
  sub,
} from "./elementwise.js";
export { concat, reshape, slice, transpose } from "./layout.js";
export { type MatmulOptions, matmul, TILINGS, type Tiling } from "./matmul.js";
export { type RandomOptions, randomNormal, randomRademacher, randomUniform } from "./random-tensors.js";
export { max, mean, norm, sum } from "./reduce.js";
export type { Shape } from "./shape.js";
export { Tensor, tensor, zeros } from "./tensor.js";
