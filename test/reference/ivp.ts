/** Right-hand sides of the systems in the oracle case `ivp_classical`, from their equations and parameters. */
import type { RightHandSide } from "../../src/reference/runge-kutta.js";
import type { OracleIvp, OracleTensor } from "../support/cases.js";

/** Throws if the system has no entry here: a new one in the file must not go untested. */
export function rightHandSide(name: string, system: OracleIvp): RightHandSide {
  const p = system.parameters as Readonly<Record<string, number>>;
  const systems: Record<string, (t: number, y: Float64Array) => number[]> = {
    exp_decay: (_, y) => [...y].map((v) => -p.k! * v),
    backward_exp: (_, y) => [...y].map((v) => -p.k! * v),
    harmonic: (_, y) => [y[1]!, -p.omega! * p.omega! * y[0]!],
    lotka_volterra: (_, y) => [p.a! * y[0]! - p.b! * y[0]! * y[1]!, p.d! * y[0]! * y[1]! - p.c! * y[1]!],
    van_der_pol: (_, y) => [y[1]!, p.mu! * (1 - y[0]! * y[0]!) * y[1]! - y[0]!],
    lorenz: (_, y) => [p.s! * (y[1]! - y[0]!), y[0]! * (p.r! - y[2]!) - y[1]!, y[0]! * y[1]! - p.b! * y[2]!],
    linear: (_, y) => {
      const { data } = system.parameters.A as OracleTensor;
      return [...y].map((_row, i) => y.reduce((sum, v, j) => sum + data[i * y.length + j]! * v, 0));
    },
    nonautonomous: (t, y) => [...y].map((v) => Math.cos(t) * v + Math.sin(p.omega! * t)),
  };
  const f = systems[name];
  if (!f) throw new Error(`no right-hand side for "${name}": ${system.equation}`);
  return (t, y) => Float64Array.from(f(t, y));
}
