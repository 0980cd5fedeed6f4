/**
 * Typed loader of the float64 oracle cases in `test/oracle/cases` (schema "cnf-oracle-1", described in the
 * README there). Works under vitest in Node and in the browser: files come through Vite, one on demand.
 */
import { ACTIVATIONS, LAYER_TYPES, type MlpSpec, mlpSpec, paramLayout } from "../../src/field/spec.js";
import { oneOf } from "../../src/gpu/errors.js";
import type { MethodName } from "../../src/ode/methods.js";

/** Row-major. */
export interface OracleTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export type OracleLayer = Readonly<Partial<Record<"W" | "b" | "Wg" | "bg" | "Wb", OracleTensor>>>;

/** Parameters of a field, or gradients with respect to them. */
export interface OracleParams {
  readonly layers: readonly OracleLayer[];
  readonly swish_beta?: number;
}

export interface OracleField extends OracleParams {
  readonly type: "mlp";
  readonly layer_type: string;
  readonly nonlinearity: string;
  readonly dims: readonly number[];
}

interface CaseOf<Kind extends string> {
  readonly schema: "cnf-oracle-1";
  readonly case: string;
  readonly kind: Kind;
  readonly self_checks?: Readonly<Record<string, unknown>>;
}

/** Gradient of a scalar of one field evaluation. */
export interface OracleFieldGradient {
  readonly z: OracleTensor;
  readonly t: number;
  readonly params?: OracleParams;
}

/** `field_saturated_*` have z, t and f, jacobian, div_exact only. */
export interface FieldCase extends CaseOf<"field"> {
  readonly field: OracleField;
  readonly inputs: {
    readonly t: number;
    readonly z: OracleTensor;
    readonly v?: OracleTensor;
    readonly w?: OracleTensor;
    readonly c?: OracleTensor;
    readonly eps_rademacher?: OracleTensor;
    readonly eps_gaussian?: OracleTensor;
  };
  readonly results: {
    readonly f: OracleTensor;
    readonly jacobian: OracleTensor;
    readonly div_exact: OracleTensor;
    readonly div_hutch_rademacher?: OracleTensor;
    readonly div_hutch_gaussian?: OracleTensor;
    readonly jvp?: OracleTensor;
    readonly vjp?: OracleTensor;
    readonly df_dt?: OracleTensor;
    readonly grad_of_sum_w_f?: OracleFieldGradient;
    readonly grad_of_sum_c_div_exact?: OracleFieldGradient;
    readonly grad_of_sum_c_div_hutch_rademacher?: OracleFieldGradient;
  };
}

/** Result of one solver; which entries exist depends on the solver (README of the cases). */
export interface OracleSolve {
  readonly z1: OracleTensor;
  readonly delta_logp_exact: OracleTensor;
  readonly delta_logp_hutch?: OracleTensor;
  readonly nfe?: number;
  readonly accepted_t_dt?: readonly (readonly [number, number])[];
  readonly rejected_t_dt?: readonly (readonly [number, number])[];
}

export interface SolveCase extends CaseOf<"solve"> {
  readonly field: OracleField;
  readonly inputs: {
    readonly t0: number;
    readonly t1: number;
    readonly z0: OracleTensor;
    readonly eps: OracleTensor;
    readonly probe: string;
  };
  /** By solver name; `true` and `true_round_trip` are typed by {@link truth}. */
  readonly results: Readonly<Record<string, OracleSolve>>;
}

export interface OracleTruth extends OracleSolve {
  readonly delta_logp_hutch: OracleTensor;
  readonly base_logp_z1: OracleTensor;
  readonly logp_z0_exact: OracleTensor;
  readonly logp_z0_hutch: OracleTensor;
}

export interface OracleGradient {
  readonly loss: number;
  readonly dL_dz0: OracleTensor;
  readonly dL_dt0: number;
  readonly dL_dt1: number;
  readonly dL_dparams_l2norm: number;
  readonly dL_dparams?: OracleParams;
  readonly z1?: OracleTensor;
  readonly delta_logp?: OracleTensor;
}

export interface GradCase extends CaseOf<"grad"> {
  readonly field: OracleField;
  readonly inputs: {
    readonly t0: number;
    readonly t1: number;
    readonly n: number;
    readonly z0: OracleTensor;
    readonly probe: "exact" | "rademacher" | "gaussian";
    readonly eps: OracleTensor | null;
  };
  readonly results: Readonly<Record<string, OracleGradient>>;
}

/** RNODE: the loss is nll + lambda_kinetic mean kinetic + lambda_frobenius mean frobenius. */
export interface RegCase extends CaseOf<"reg"> {
  readonly field: OracleField;
  readonly inputs: GradCase["inputs"] & {
    readonly eps: OracleTensor;
    readonly lambda_kinetic: number;
    readonly lambda_frobenius: number;
  };
  readonly results: Readonly<
    Record<
      string,
      OracleGradient & {
        readonly nll: number;
        readonly z1: OracleTensor;
        readonly delta_logp: OracleTensor;
        /** [N]: ∫ |f|² dt and ∫ |εᵀJ|² dt. */
        readonly kinetic: OracleTensor;
        readonly frobenius: OracleTensor;
      }
    >
  >;
}

export interface AdamCase extends CaseOf<"adam"> {
  readonly field: OracleField;
  readonly inputs: {
    readonly t0: number;
    readonly t1: number;
    readonly n: number;
    readonly lr: number;
    readonly beta1: number;
    readonly beta2: number;
    readonly eps_adam: number;
    readonly weight_decay_l2: number;
    readonly batches: readonly OracleTensor[];
    readonly probes: readonly OracleTensor[];
  };
  readonly results: {
    readonly steps: readonly {
      readonly loss_before: number;
      readonly grad_l2norm: number;
      readonly params_after: OracleParams;
    }[];
  };
}

export interface OracleIvp {
  readonly equation: string;
  readonly parameters: Readonly<Record<string, number | OracleTensor>>;
  readonly y0: readonly number[];
  readonly t: readonly number[];
  /** One row a time. */
  readonly y: readonly (readonly number[])[];
  /** `<method>_<n>` to the end state. */
  readonly fixed: Readonly<Record<string, readonly number[]>>;
}

export interface IvpCase extends CaseOf<"ivp"> {
  readonly systems: Readonly<Record<string, OracleIvp>>;
}

/** Statistics of a toy data set; tests of the data read what they need. */
export interface ToyCase extends CaseOf<"toy"> {
  readonly results?: Readonly<Record<string, unknown>>;
}

export interface CaseByPrefix {
  field: FieldCase;
  solve: SolveCase;
  grad: GradCase;
  reg: RegCase;
  adam: AdamCase;
  ivp: IvpCase;
  toy: ToyCase;
}
export type CasePrefix = keyof CaseByPrefix;

const files = import.meta.glob<unknown>("../oracle/cases/*.json", { import: "default" });

const pathOf = (name: string) => `../oracle/cases/${name}.json`;

/** Names of all cases whose file begins with that kind, sorted: at once, without reading a file. */
export function caseNames(kind: CasePrefix): string[] {
  return Object.keys(files)
    .map((path) => path.slice(path.lastIndexOf("/") + 1, -".json".length))
    .filter((name) => name.startsWith(`${kind}_`))
    .sort();
}

/** One case. Throws if there is none of that name, or its schema is another. */
export async function loadCase<Kind extends CasePrefix>(
  kind: Kind,
  name: string,
): Promise<CaseByPrefix[Kind]> {
  const load = files[pathOf(name)];
  if (!load) throw new Error(`there is no oracle case "${name}"`);
  const content = (await load()) as CaseByPrefix[Kind];
  if (content.schema !== "cnf-oracle-1" || !content.kind.startsWith(kind)) {
    throw new Error(`${name} has schema ${content.schema} and kind ${content.kind}`);
  }
  return content;
}

/** All cases of a kind. */
export function loadCases<Kind extends CasePrefix>(kind: Kind): Promise<CaseByPrefix[Kind][]> {
  return Promise.all(caseNames(kind).map((name) => loadCase(kind, name)));
}

export function values(tensor: OracleTensor): Float64Array {
  return Float64Array.from(tensor.data);
}

export function truth(solveCase: SolveCase): OracleTruth {
  return solveCase.results.true as OracleTruth;
}

export function specOf(field: OracleField): MlpSpec {
  return mlpSpec({
    dim: field.dims[0]!,
    hidden: field.dims.slice(1, -1),
    layer: oneOf("layer_type", field.layer_type, LAYER_TYPES),
    activation: oneOf("nonlinearity", field.nonlinearity, ACTIVATIONS),
  });
}

/** A tree of parameters or of their gradients as one flat vector [P] in the layout of `paramLayout(spec)`. */
export function flatParams(spec: MlpSpec, params: OracleParams): Float64Array {
  const layout = paramLayout(spec);
  const flat = new Float64Array(layout.reduce((sum, tensor) => sum + tensor.size, 0));
  for (const { name, offset, size } of layout) {
    const [, index, key] = name.split(".");
    const data =
      name === "swish_beta"
        ? [params.swish_beta!]
        : params.layers[Number(index)]![key as keyof OracleLayer]!.data;
    if (data.length !== size) throw new Error(`${name} has ${data.length} entries, the layout ${size}`);
    flat.set(data, offset);
  }
  return flat;
}

/** Spec and θ of a case's field. */
export function fieldOf(oracle: { readonly field: OracleField }): { spec: MlpSpec; theta: Float64Array } {
  const spec = specOf(oracle.field);
  return { spec, theta: flatParams(spec, oracle.field) };
}

/** "rk4_38_16" → rk38 with n = 16; null for names that are no fixed-step solver. */
export function fixedSolver(name: string): { method: MethodName; steps: number } | null {
  const match = /^(euler|midpoint|heun|rk4|rk4_38)_(\d+)$/.exec(name);
  if (!match) return null;
  const method = match[1] === "rk4_38" ? "rk38" : (match[1] as MethodName);
  return { method, steps: Number(match[2]) };
}

/** "dopri5_1e-05" → 1e-5; null for other names. */
export function dopri5Tolerance(name: string): number | null {
  return name.startsWith("dopri5_") ? Number(name.slice("dopri5_".length)) : null;
}
