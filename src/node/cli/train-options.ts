/** The options of `train`, and what they ask of flow and training. What is absent takes the library's default. */
import type { CnfOptions } from "../../cnf/config.js";
import { mlp } from "../../field/mlp.js";
import { PROBE_DISTRIBUTIONS, type TraceOptions } from "../../field/trace.js";
import { oneOf } from "../../gpu/errors.js";
import type { RegulariseOptions } from "../../ode/regularise.js";
import type { TrainOptions } from "../../train/index.js";
import { type Arguments, type OptionSpec, UsageError } from "./arguments.js";
import { DEFAULT_GRID } from "./density.js";

export const DEFAULT_STEPS = 2000;
export const DEFAULT_SAMPLES = 10_000;

export const TRAIN_OPTIONS: readonly OptionSpec[] = [
  { name: "data", value: "NAME|FILE", about: "moons, circles, 8gaussians, …, or a CSV file" },
  { name: "columns", value: "LIST", about: "columns of the file, by name or number from 1, e.g. 2,3 (all)" },
  { name: "held-out", value: "N", about: "rows kept for evaluation (10,000, or a tenth of a file)" },
  { name: "steps", value: "N", about: `training steps in all (${DEFAULT_STEPS})` },
  {
    name: "warm-start",
    value: "STEPS",
    about: "steps of flow matching before them, far cheaper (none)",
  },
  { name: "batch", value: "N", about: "points in a step (512)" },
  { name: "hidden", value: "WIDTHS", about: "of the hidden layers (64-64-64)" },
  {
    name: "layer",
    value: "TYPE",
    about: "ignore, concat, concat_v2, squash, concatsquash, concat_first (concatsquash)",
  },
  {
    name: "activation",
    value: "NAME",
    about: "tanh, sigmoid, softplus, elu, relu, swish, sin, square (tanh)",
  },
  { name: "method", value: "NAME", about: "dopri5, tsit5, bosh3, dopri8, rk4, euler, … (dopri5)" },
  { name: "rtol", value: "X", about: "relative tolerance of adaptive steps (1e-5)" },
  { name: "atol", value: "X", about: "absolute tolerance (1e-5)" },
  { name: "solver-steps", value: "N", about: "fixed steps instead of adaptive ones" },
  {
    name: "trace",
    value: "KIND",
    about: "exact, rademacher, gaussian, orthogonal (exact for D ≤ 3, else rademacher)",
  },
  { name: "probes", value: "N", about: "random probes of the trace (1)" },
  { name: "gradient", value: "KIND", about: "discrete or continuous (discrete)" },
  { name: "kinetic", value: "X", about: "weight of the paths' kinetic energy, e.g. 0.01 (0)" },
  { name: "jacobian", value: "X", about: "weight of the field's Jacobian, e.g. 0.01 (0)" },
  { name: "lr", value: "X", about: "learning rate of Adam (1e-3)" },
  { name: "schedule", value: "NAME", about: "constant or cosine (constant)" },
  { name: "clip", value: "X", about: "bound on the gradient's norm (none)" },
  { name: "ema", value: "X", about: "decay of the moving average of the weights, e.g. 0.999 (none)" },
  { name: "train-T", about: "learn the end of the integration too" },
  { name: "evaluate-every", value: "N", about: "held-out loss each N steps (at the end only)" },
  { name: "seed", value: "N", about: "of data, weights, batches and probes (0)" },
  { name: "resume", value: "FILE", about: "go on from a checkpoint.safetensors, up to --steps" },
  { name: "samples", value: "N", about: `rows of samples.csv (${DEFAULT_SAMPLES})` },
  { name: "grid", value: "N", about: `cells along each side of density.png (${DEFAULT_GRID})` },
  { name: "out", value: "DIR", about: "where the results go; files in it are overwritten (out)" },
];

/** Options that describe the flow: with --resume they come from the checkpoint. */
const FLOW_OPTIONS = [
  "hidden",
  "layer",
  "activation",
  "method",
  "rtol",
  "atol",
  "solver-steps",
  "train-T",
] as const;

/** @throws UsageError when an option contradicts --resume, or is needed beside it */
export function checkResume(args: Arguments): void {
  if (args.has("resume") && !args.has("steps")) {
    throw new UsageError("Option --resume needs --steps: how many steps the run has in all.");
  }
  const clash = FLOW_OPTIONS.find((name) => args.has(name));
  if (args.has("resume") && clash) {
    throw new UsageError(`Option --${clash} comes from the checkpoint and cannot be changed with --resume.`);
  }
}

/** @param dim D of the data @throws ArgumentError, UsageError */
export function flowOptions(args: Arguments, dim: number): CnfOptions {
  return {
    field: mlp({
      dim,
      hidden: args.numbers("hidden", "-"),
      layer: args.choice("layer"),
      activation: args.choice("activation"),
    }),
    seed: args.number("seed"),
    trainT: args.has("train-T"),
    method: args.choice("method"),
    steps: args.number("solver-steps"),
    rtol: args.number("rtol"),
    atol: args.number("atol"),
  };
}

/** Only what was given, so that a checkpoint's values stand for the rest. @throws ArgumentError, UsageError */
export function trainOptions(args: Arguments): TrainOptions {
  const warmSteps = args.number("warm-start");
  const given: Partial<TrainOptions> = {
    warmStart: warmSteps === undefined ? undefined : { steps: warmSteps },
    batch: args.number("batch"),
    lr: args.number("lr"),
    schedule: args.choice("schedule"),
    clip: args.number("clip"),
    ema: args.number("ema"),
    trace: traceOptions(args),
    gradient: args.choice("gradient"),
    regularise: regulariseOptions(args),
    evaluateEvery: args.number("evaluate-every"),
    seed: args.number("seed"),
  };
  const kept = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(kept), steps: args.number("steps") ?? DEFAULT_STEPS };
}

function regulariseOptions(args: Arguments): RegulariseOptions | undefined {
  const [kinetic, jacobian] = [args.number("kinetic"), args.number("jacobian")];
  return kinetic === undefined && jacobian === undefined ? undefined : { kinetic, jacobian };
}

function traceOptions(args: Arguments): TraceOptions | undefined {
  const kind = args.text("trace");
  const probes = args.number("probes");
  if (kind === undefined && probes === undefined) return undefined;
  const known = oneOf("--trace", kind ?? "rademacher", ["exact", ...PROBE_DISTRIBUTIONS]);
  if (known !== "exact") return { kind: "hutchinson", distribution: known, probes };
  if (probes !== undefined) throw new UsageError("Option --probes does not go with --trace exact.");
  return { kind: "exact" };
}
