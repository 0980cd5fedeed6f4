/** Every reason for which the fused path does not take a solve, as its user reads it. */
import { expect, test } from "vitest";
import { packing } from "../../src/field/packing.js";
import { mlpSpec } from "../../src/field/spec.js";
import type { Weights } from "../../src/field/weights.js";
import type { Integrand } from "../../src/ode/forward.js";
import { type SolvePlan, whyLayered } from "../../src/ode/paths.js";
import { stepPlan } from "../../src/ode/plan.js";

const rk4 = stepPlan({ method: "rk4", steps: 4 });
/** No method here has as many stages. */
const seventeen = { ...rk4, method: { ...rk4.method, name: "long", stages: 17 } } as typeof rk4;
const field = (dim: number, hidden: number[]): Integrand => ({
  kind: "mlp",
  weights: { packing: packing(mlpSpec({ dim, hidden })) } as Weights,
});

test.each<[string, Integrand, Partial<SolvePlan>, RegExp | undefined]>([
  ["what it takes", field(8, [128, 128, 128, 128]), { backward: rk4, tangents: 0 }, undefined],
  ["depth", field(2, [4, 4, 4, 4, 4]), {}, /1 to 4 hidden layers; this field has 5/],
  ["no hidden layer", field(2, []), {}, /1 to 4 hidden layers; this field has 0/],
  ["width", field(2, [64, 129]), {}, /up to 128 wide; this field has one of 129/],
  ["dimensions", field(9, [8]), {}, /up to 8 dimensions; this field has 9/],
  ["stages", field(2, [8]), { plan: seventeen }, /up to 16 stages; long has 17/],
  ["stages of the way back", field(2, [8]), { backward: seventeen }, /up to 16 stages; long has 17/],
  ["recorded times", field(2, [8]), { record: { times: 3 } }, /records no states between the ends/],
  ["recorded steps", field(2, [8]), { record: { steps: 3 } }, /records no states between the ends/],
  ["tangents", field(2, [8]), { tangents: 2 }, /carries no tangents/],
])("%s", (_, integrand, options, reason) => {
  const told = whyLayered(integrand, { batch: 4, plan: rk4, ...options });
  if (reason) expect(told).toMatch(reason);
  else expect(told).toBeUndefined();
});
