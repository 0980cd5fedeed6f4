/** Every option of training for some steps against the float64 reference with the same batches and probes. */
import { test } from "vitest";
import type { CnfOptions } from "../../src/cnf/index.js";
import type { Dataset } from "../../src/data/index.js";
import { mlp } from "../../src/field/mlp.js";
import type { TrainOptions } from "../../src/train/index.js";
import { FOUR_COLUMNS } from "./problems.js";
import { expectReferenceSteps } from "./steps-reference.js";

type Case = [string, Partial<CnfOptions>, Partial<TrainOptions>, Dataset?];
const hutchinson = { kind: "hutchinson" } as const;
const tolerances = { method: "dopri5", steps: undefined, rtol: 1e-5, atol: 1e-5 } as const;

const cases: Case[] = [
  ["rk4 and the exact trace", {}, {}],
  ["euler in 3 steps, not standardised", { method: "euler", steps: 3 }, { standardise: false }],
  ["one Rademacher probe", {}, { trace: hutchinson, seed: 5 }],
  ["two Gaussian probes", {}, { trace: { ...hutchinson, distribution: "gaussian", probes: 2 } }],
  ["orthogonal probes", {}, { trace: { ...hutchinson, distribution: "orthogonal", probes: 2 } }],
  ["four columns, by default one probe", { field: mlp({ dim: 4, hidden: [5] }) }, {}, FOUR_COLUMNS],
  [
    "a scaling of the flow's own",
    { standardisation: { mean: new Float32Array([1, -1]), std: new Float32Array([2, 0.5]) } },
    {},
  ],
  ["AdamW with decay", {}, { optimiser: "adamw", weightDecay: 0.5 }],
  ["Adam with L2 decay and its own betas", {}, { weightDecay: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 1e-4 }],
  ["warm-up and cosine", {}, { schedule: "cosine", warmup: 3 }],
  ["clipping", {}, { clip: 0.05 }],
  [
    "regularisers, a trained T and two Gaussian probes",
    { trainT: true },
    {
      regularise: { kinetic: 0.2, jacobian: 0.1 },
      trace: { ...hutchinson, distribution: "gaussian", probes: 2 },
    },
  ],
  ["an average", {}, { ema: 0.8 }],
  ["a trained T", { trainT: true, T: 0.5 }, {}],
  [
    "a trained T with everything",
    { trainT: true },
    { ema: 0.5, clip: 0.1, optimiser: "adamw", weightDecay: 0.3 },
  ],
  ["a solver of its own", { method: "dopri5", steps: undefined }, { solver: { method: "heun", steps: 4 } }],
  ["dopri5, adaptive, discrete", tolerances, {}],
  ["dopri5, adaptive, discrete, a trained T", { ...tolerances, trainT: true }, {}],
  ["fixed steps, continuous", { method: "rk4", steps: 4 }, { gradient: "continuous" }],
  ["dopri5, adaptive, continuous", tolerances, { gradient: "continuous" }],
  [
    "a continuous gradient with a solver of its own",
    { method: "rk4", steps: 4 },
    { gradient: { kind: "continuous", method: "rk4", steps: 6 } },
  ],
  ["a trained T, continuous", { trainT: true, method: "rk4", steps: 6 }, { gradient: "continuous" }],
  [
    "swish with its β",
    { field: mlp({ dim: 2, hidden: [4, 3], activation: "swish", layer: "concat_first" }) },
    {},
  ],
];

test.each(cases)("8 steps of training with %s are those of the reference", (_, flow, options, data) =>
  expectReferenceSteps(flow, options, data),
);
