/** The training step on either path whatever the rule prefers: in Chromium the fused one has resident weights. */
import { describe, test } from "vitest";
import { PATHS } from "../../src/ode/execution.js";
import { expectReferenceSteps } from "./steps-reference.js";

describe.each(PATHS)("8 steps of training, %s, are those of the reference", (path) => {
  test("with rk4 and one probe", () => expectReferenceSteps({ path }, { trace: { kind: "hutchinson" } }));

  test("with clipping, an average and a trained T", () =>
    expectReferenceSteps({ path, trainT: true }, { clip: 0.05, ema: 0.8 }));
});
