/**
 * The table of explicit Runge–Kutta methods: one object each, all data. The float64 reference steps with these
 * objects and the kernels are generated from them, so the two cannot disagree. A new method is one more entry.
 */
import { oneOf } from "../gpu/errors.js";
import { bosh3, euler, fehlberg2, heun, midpoint, ralston, rk4, rk38 } from "./methods/classical.js";
import { dopri5 } from "./methods/dopri5.js";
import { dopri8 } from "./methods/dopri8.js";
import type { Method } from "./methods/method.js";
import { tsit5 } from "./methods/tsit5.js";

export type { Method } from "./methods/method.js";

export const METHODS = {
  euler,
  midpoint,
  heun,
  ralston,
  rk4,
  rk38,
  bosh3,
  fehlberg2,
  dopri5,
  tsit5,
  dopri8,
} satisfies Record<string, Method>;

export type MethodName = keyof typeof METHODS;

export const METHOD_NAMES = Object.keys(METHODS) as MethodName[];

/** The method of that name. Throws ArgumentError on an unknown one, naming those that exist. */
export function method(name: string): Method {
  return METHODS[oneOf("method", name, METHOD_NAMES)];
}
