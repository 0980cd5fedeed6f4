/** A run keeps the layout of its solves when it is resumed, whatever is measured of the device it is resumed on. */
import { expect, test } from "vitest";
import { type CnfOptions, cnf } from "../../src/cnf/index.js";
import { mlp } from "../../src/field/mlp.js";
import { packing } from "../../src/field/packing.js";
import { tracePlan } from "../../src/field/trace.js";
import { Device } from "../../src/gpu/device.js";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.js";
import { forwardShape } from "../../src/ode/fused-plan.js";
import { layoutRefusal } from "../../src/ode/layout.js";
import { stepPlan } from "../../src/ode/plan.js";
import type { Layouts } from "../../src/train/layouts.js";
import { train } from "../../src/train/run.js";
import { testDevice } from "../support/device.js";
import { PLANE, RK4, SMALL_MOONS, stateOf, trained } from "./problems.js";

const base: CnfOptions = { field: PLANE, seed: 1, ...RK4 };
const settings = { batch: 24, lr: 0.01, seed: 3, reportEvery: 1 };
const warmStart = { steps: 2, batch: 24 };

/** The tests' GPU as an adapter of 4-wide subgroups, of which this was measured. */
async function calibrated(description: string, form: "block" | "strip", launch: number): Promise<Device> {
  const { gpu, adapter } = await testDevice();
  const figures = { launch, rate: 1e6, form, spent: 80, measuredAt: 1.7e12 };
  const calibration = { read: async () => JSON.stringify(figures), write: async () => {} };
  return new Device(gpu, { ...adapter, description, subgroupSize: 4 }, { calibration });
}

const layoutsOf = (checkpoint: Uint8Array) =>
  (JSON.parse(readSafetensors(checkpoint).metadata.get("training")!) as { layouts?: Layouts }).layouts;

function withLayouts(checkpoint: Uint8Array, layouts: unknown): Uint8Array {
  const file = readSafetensors(checkpoint);
  const training = JSON.parse(file.metadata.get("training")!) as object;
  file.metadata.set("training", JSON.stringify({ ...training, layouts }));
  return writeSafetensors(file.tensors, Object.fromEntries(file.metadata));
}

test("cut in the warm start and resumed under another calibration, a run has the same bits", async () => {
  // Slow launches: the fused path, in strips where they fit. Quick ones: the layered path, and blocks in the warm start.
  const slow = await calibrated("slow launches", "strip", 10);
  const quick = await calibrated("quick launches", "block", 1e-3);
  using first = cnf(slow, base);
  const run = train(first, SMALL_MOONS, { ...settings, steps: 3, warmStart });
  const losses: number[] = [];
  let cut: Uint8Array = new Uint8Array();
  for await (const report of run) {
    losses.push(...report.losses);
    if (report.phase === "warm-start" && report.step === 1) cut = await run.checkpoint();
  }
  const whole = await run.checkpoint();
  const layouts = {
    warmStart: { path: "fused", form: "resident", tile: 4, spill: true },
    likelihood: { path: "fused", form: "resident", tile: 4, spill: true },
  };
  expect(layoutsOf(cut)).toEqual(layouts);

  using second = cnf(quick, base);
  const rest = await trained(second, SMALL_MOONS, { steps: 3, resume: cut });
  expect(rest.losses).toEqual(losses.slice(1));
  expect(stateOf(rest.checkpoint)).toEqual(stateOf(whole));
  expect(layoutsOf(rest.checkpoint)).toEqual(layouts);

  // By itself the other calibration leads elsewhere.
  using third = cnf(quick, base);
  const own = await trained(third, SMALL_MOONS, {
    ...settings,
    steps: 1,
    warmStart: { ...warmStart, steps: 1 },
  });
  expect(layoutsOf(own.checkpoint)).toEqual({
    warmStart: { path: "fused", form: "block", tile: 16, spill: true },
    likelihood: { path: "layered", form: "block" },
  });
});

test("a layout that the device lacks is replaced by its own, and said", async () => {
  using flow = cnf(await testDevice(), base);
  const { checkpoint } = await trained(flow, SMALL_MOONS, { ...settings, steps: 1 });
  const own = layoutsOf(checkpoint);
  expect(own).toEqual({ likelihood: { path: "layered", form: "block" } });
  const resumed = (layouts: unknown, options = {}) =>
    train(flow, SMALL_MOONS, { steps: 2, resume: withLayouts(checkpoint, layouts), ...options });
  const strips = { path: "fused", form: "strip", tile: 16, spill: true };
  const run = resumed({ likelihood: strips });
  expect(run.warnings).toEqual([
    expect.stringMatching(/likelihood phase is laid out anew.*4-wide subgroups/),
  ]);
  for await (const { losses } of run) expect(losses[0]).toBeGreaterThan(0);
  expect(layoutsOf(await run.checkpoint())).toEqual(own);
  // Nothing of this crashes; files from before layouts were kept have nothing to say.
  expect(resumed({ likelihood: 5, warmStart: {} }).warnings).toEqual([
    expect.stringMatching(/5 is no layout/),
  ]);
  expect(resumed(undefined).warnings).toEqual([]);
  // Solves that are asked for anew are laid out anew.
  expect(resumed({ likelihood: strips }, { solver: RK4 }).warnings).toEqual([]);
});

test.each([
  ["blocks of 16", { hidden: [16] }, { path: "fused", form: "block", tile: 16, spill: false }, undefined],
  ["a layered one", { hidden: [200] }, { path: "layered", form: "block" }, undefined],
  ["a form of fused solves", { hidden: [200] }, { path: "layered", form: "resident" }, /no layout/],
  [
    "rows that do not fit",
    { hidden: [128] },
    { path: "fused", form: "block", tile: 16, spill: false },
    /take this/,
  ],
  [
    "what the kernels refuse",
    { hidden: [200] },
    { path: "fused", form: "block", tile: 8, spill: true },
    /too wide/,
  ],
] as const)("%s", async (_, { hidden }, layout, reason) => {
  const { spec } = mlp({ dim: 2, hidden: [...hidden] });
  const trace = tracePlan({ kind: "exact" }, 2, 64);
  const shape = forwardShape(packing(spec), { batch: 64, plan: stepPlan(RK4), trace }, 2);
  const refusal = hidden[0] > 128 ? "It is too wide." : undefined;
  const told = layoutRefusal(await testDevice(), shape, layout, refusal);
  if (reason) expect(told).toMatch(reason);
  else expect(told).toBeUndefined();
});
