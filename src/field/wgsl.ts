/** Fields that users write in WGSL: a right-hand side, and optionally its tangent. */
import { ArgumentError, integerIn } from "../gpu/errors.js";

export interface WgslField {
  readonly kind: "wgsl";
  readonly dim: number;
  /** Parameters that `code` reads as p[0], p[1], …; at least 0. */
  readonly parameterCount: number;
  readonly code: string;
  readonly hasTangent: boolean;
}

export interface WgslFieldOptions {
  /** D, 1 to 16. */
  dim: number;
  /** Number of parameters (default 0). */
  parameters?: number;
  /**
   * WGSL with `fn field(t: f32, z: State) -> State`, where `State` is array<f32, D>; parameters are `p(i)`.
   * Optionally `fn field_tangent(t: f32, z: State, v: State) -> State`, the product J v.
   */
  code: string;
}

/**
 * A field from WGSL source, for `solve`: any method, fixed or adaptive, and with `field_tangent` also tangents
 * carried through the solve. It has no reverse sweep: gradients and traces need an MLP field.
 * @example wgslField({ dim: 2, code: "fn field(t: f32, z: State) -> State { return State(z[1], -z[0]); }" })
 * @throws ArgumentError when `code` has no function `field`
 */
export function wgslField(options: WgslFieldOptions): WgslField {
  if (!/\bfn\s+field\s*\(/.test(options.code)) {
    throw new ArgumentError(
      "The WGSL of the field has no function named field.",
      "Write fn field(t: f32, z: State) -> State.",
    );
  }
  return {
    kind: "wgsl",
    dim: integerIn("dim", options.dim, 1, 16),
    parameterCount: integerIn("parameters", options.parameters ?? 0, 0, 65536),
    code: options.code,
    hasTangent: /\bfn\s+field_tangent\s*\(/.test(options.code),
  };
}
