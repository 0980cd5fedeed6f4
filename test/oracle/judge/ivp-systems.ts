/** The classical systems of the "ivp" cases as WGSL fields, as a user would write them. */
import { type WgslField, wgslField } from "../../../src/field/wgsl.js";
import type { OracleIvp } from "../../support/cases.js";

interface System {
  /** Names in the file whose right-hand side this is. */
  readonly names: readonly string[];
  /** Names of the parameters, in the order of p(0), p(1), …; a matrix takes as many as it has entries. */
  readonly parameters: readonly string[];
  /** WGSL statements from t and z to the derivative dz. */
  readonly body: string;
  /** WGSL functions that the body calls. */
  readonly functions?: string;
}

/**
 * sin(x + quarter π/2). The built-in sin and cos may be off by 2^-11 (WGSL, "Accuracy of built-in functions"),
 * which a tolerance of 1e-6 shows. Reduced by multiples of π/2 in two parts, then Taylor's series on ±π/4, whose
 * next terms are below 2e-9.
 */
const SINE = `
fn sine(x: f32, quarter: i32) -> f32 {
  let n = round(x / 1.57079637);
  let r = (x - n * 1.5703125) - n * 4.83826792e-4;
  let q = r * r;
  let s = r * (1.0 - q / 6.0 * (1.0 - q / 20.0 * (1.0 - q / 42.0 * (1.0 - q / 72.0))));
  let c = 1.0 - q / 2.0 * (1.0 - q / 12.0 * (1.0 - q / 30.0 * (1.0 - q / 56.0 * (1.0 - q / 90.0))));
  let turn = i32(n) + quarter;
  let value = select(s, c, (turn & 1) == 1);
  return select(value, -value, (turn & 2) == 2);
}
`;

const SYSTEMS: readonly System[] = [
  {
    names: ["exp_decay", "backward_exp"],
    parameters: ["k"],
    body: "for (var i = 0u; i < DIM; i++) { dz[i] = -p(0) * z[i]; }",
  },
  {
    names: ["harmonic"],
    parameters: ["omega"],
    body: "dz = State(z[1], -p(0) * p(0) * z[0]);",
  },
  {
    // x' = a x − b x y, y' = d x y − c y
    names: ["lotka_volterra"],
    parameters: ["a", "b", "c", "d"],
    body: "dz = State(p(0) * z[0] - p(1) * z[0] * z[1], p(3) * z[0] * z[1] - p(2) * z[1]);",
  },
  {
    names: ["van_der_pol"],
    parameters: ["mu"],
    body: "dz = State(z[1], p(0) * (1 - z[0] * z[0]) * z[1] - z[0]);",
  },
  {
    names: ["lorenz"],
    parameters: ["s", "r", "b"],
    body: `dz = State(
      p(0) * (z[1] - z[0]), z[0] * (p(1) - z[2]) - z[1], z[0] * z[1] - p(2) * z[2]);`,
  },
  {
    names: ["linear"],
    parameters: ["A"],
    body: `for (var i = 0u; i < DIM; i++) {
      for (var j = 0u; j < DIM; j++) { dz[i] += p(i * DIM + j) * z[j]; }
    }`,
  },
  {
    names: ["nonautonomous"],
    parameters: ["omega"],
    body: "for (var i = 0u; i < DIM; i++) { dz[i] = sine(t, 1) * z[i] + sine(p(0) * t, 0); }",
    functions: SINE,
  },
];

/** @throws Error for a system that has no entry here: it must not go untested */
export function ivpField(name: string, system: OracleIvp): { field: WgslField; params: Float32Array } {
  const entry = SYSTEMS.find(({ names }) => names.includes(name));
  if (!entry) throw new Error(`no WGSL is known for the system "${name}": ${system.equation}`);
  const params = entry.parameters.flatMap((parameter) => {
    const value = system.parameters[parameter];
    if (value === undefined) throw new Error(`the system "${name}" has no parameter ${parameter}`);
    return typeof value === "number" ? [value] : value.data;
  });
  const code = `${entry.functions ?? ""}fn field(t: f32, z: State) -> State { var dz: State; ${entry.body} return dz; }`;
  const field = wgslField({ dim: system.y0.length, parameters: params.length, code });
  return { field, params: Float32Array.from(params) };
}
