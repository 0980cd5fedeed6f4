/**
 * The differential equations of the page, each twice: as WGSL for the GPU and as a function for the float64
 * reference. States are two numbers; a system has at most one parameter, `p(0)` in WGSL.
 */
import type { reference } from "fjordgpu";

export interface Parameter {
  readonly label: string;
  readonly help: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
}

export interface System {
  readonly title: string;
  /** The equation in a line. */
  readonly equation: string;
  /** What the axes stand for. */
  readonly names: readonly [x: string, y: string];
  /** Unit of time, for axis labels. */
  readonly time: string;
  readonly parameter?: Parameter;
  readonly z0: readonly [x: number, y: number];
  /** End of the solve where the reader has no other wish. */
  readonly t1: number;
  /** [low, high] of both axes, or of each, for a value of the parameter. */
  window(p: number): { readonly x: readonly [number, number]; readonly y: readonly [number, number] };
  /** Absent: the field is learned, and comes in a file. */
  readonly equations?: {
    readonly wgsl: string;
    readonly f: (p: number) => reference.RightHandSide;
  };
}

const square = (low: number, high: number) => ({ x: [low, high], y: [low, high] }) as const;

export const SYSTEMS = {
  lotka: {
    title: "Predators and prey (Lotka–Volterra)",
    equation: "x′ = p x − x y,  y′ = x y − 3 y",
    names: ["prey x", "predators y"],
    time: "time t",
    parameter: {
      label: "Growth of the prey p",
      help: "Raise it, and both populations swing higher.",
      min: 0.5,
      max: 2,
      step: 0.1,
      value: 1.5,
    },
    z0: [1, 1],
    t1: 10,
    window: () => square(0, 8),
    equations: {
      wgsl: "fn field(t: f32, z: State) -> State { return State(p(0) * z[0] - z[0] * z[1], z[0] * z[1] - 3.0 * z[1]); }",
      f: (p) => (_, z) => Float64Array.of(p * z[0]! - z[0]! * z[1]!, z[0]! * z[1]! - 3 * z[1]!),
    },
  },
  vanderpol: {
    title: "Van der Pol oscillator",
    equation: "x′ = y,  y′ = p (1 − x²) y − x",
    names: ["x", "velocity y"],
    time: "time t",
    parameter: {
      label: "Stiffness p",
      help: "Raise it, and slow stretches alternate with sudden jumps, where steps must be short.",
      min: 0.5,
      max: 8,
      step: 0.5,
      value: 3,
    },
    z0: [1, 0],
    t1: 20,
    // The orbit reaches about 3p/2 upwards (a little above at small p).
    window: (p) => {
      const half = 2 * Math.ceil((1.5 * p + 1) / 2);
      return { x: [-4, 4], y: [-half, half] };
    },
    equations: {
      wgsl: "fn field(t: f32, z: State) -> State { return State(z[1], p(0) * (1.0 - z[0] * z[0]) * z[1] - z[0]); }",
      f: (p) => (_, z) => Float64Array.of(z[1]!, p * (1 - z[0]! * z[0]!) * z[1]! - z[0]!),
    },
  },
  pendulum: {
    title: "Pendulum",
    equation: "x′ = y,  y′ = −sin x − p y",
    names: ["angle x (radians)", "angular velocity y"],
    time: "time t (√(length / gravity))",
    parameter: {
      label: "Friction p",
      help: "Raise it, and the pendulum comes to rest; at 0 it swings for ever.",
      min: 0,
      max: 0.5,
      step: 0.05,
      value: 0,
    },
    z0: [2.5, 0],
    t1: 20,
    window: () => square(-4, 4),
    equations: {
      // WGSL's own sin may be off by 2^-11; this one, which every field sees, is not (shaders/common/math.wgsl).
      wgsl: "fn field(t: f32, z: State) -> State { return State(z[1], -sin_shifted4(vec4<f32>(z[0]), 0).x - p(0) * z[1]); }",
      f: (p) => (_, z) => Float64Array.of(z[1]!, -Math.sin(z[0]!) - p * z[1]!),
    },
  },
  spiral: {
    title: "Spiral (linear)",
    equation: "x′ = −p x − 2 y,  y′ = 2 x − p y",
    names: ["x", "y"],
    time: "time t",
    parameter: {
      label: "Damping p",
      help: "Raise it, and the spiral winds in faster; at 0 it is a circle.",
      min: 0,
      max: 1,
      step: 0.05,
      value: 0.15,
    },
    z0: [1.75, 0],
    t1: 10,
    window: () => square(-2, 2),
    equations: {
      wgsl: "fn field(t: f32, z: State) -> State { return State(-p(0) * z[0] - 2.0 * z[1], 2.0 * z[0] - p(0) * z[1]); }",
      f: (p) => (_, z) => Float64Array.of(-p * z[0]! - 2 * z[1]!, 2 * z[0]! - p * z[1]!),
    },
  },
  learned: {
    title: "Learned field (two moons)",
    equation: "z′ = f(t, z; θ), a network of 9,224 weights",
    names: ["x (standardised)", "y (standardised)"],
    time: "time t, data at 0, noise at T",
    z0: [1.25, -1],
    t1: 1,
    window: () => square(-3, 3),
  },
} as const satisfies Record<string, System>;

export type SystemName = keyof typeof SYSTEMS;

export const SYSTEM_NAMES = Object.keys(SYSTEMS) as SystemName[];

export function systemOf(name: SystemName): System {
  return SYSTEMS[name];
}
