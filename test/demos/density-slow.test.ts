/** Slow motion: places within a step, and the recording of one against the trainer's own numbers. */
import { describe, expect, test } from "vitest";
import { PRESETS } from "../../demos/density/config.js";
import { PACES, paceText } from "../../demos/density/pace.js";
import { datasetOf, flowOf } from "../../demos/density/run.js";
import {
  gatheredAt,
  later,
  PHASES,
  placeAt,
  placeShowing,
  showingAt,
  within,
} from "../../demos/density/slow/phases.js";
import type { SlowStep } from "../../demos/density/slow/protocol.js";
import { recordStep } from "../../demos/density/slow/record.js";
import { trainingOf } from "../../demos/density/training.js";
import { testDevice } from "../support/device.js";

describe("places", () => {
  test("of the slider are parts and what of them has passed", () => {
    expect(placeAt(2.25)).toEqual({ phase: 2, progress: 0.25 });
    expect(placeAt(PHASES.length)).toEqual({ phase: PHASES.length - 1, progress: 1 });
  });

  test("go on by the clock, into the next part only when playing runs on, and never past the end", () => {
    const { seconds } = PHASES[0]!;
    expect(later({ phase: 0, progress: 0.5 }, seconds / 4, false)).toEqual({ phase: 0, progress: 0.75 });
    expect(later({ phase: 0, progress: 0.5 }, seconds, false)).toEqual({ phase: 0, progress: 1 });
    expect(later({ phase: 0, progress: 0.5 }, seconds, true)).toEqual({ phase: 1, progress: 0 });
    const end = { phase: PHASES.length - 1, progress: 1 };
    expect(later({ ...end, progress: 0.9 }, 100, true)).toEqual(end);
  });

  test("of time lie in an interval of the solver's steps, uneven as they are", () => {
    const times = [0, 0.25, 0.75, 1];
    expect(within(times, 0.5)).toEqual({ index: 1, share: 0.5 });
    expect(within(times, 1)).toEqual({ index: 2, share: 1 });
    expect(within(times, 0)).toEqual({ index: 0, share: 0 });
  });

  test("show what they are chosen for", () => {
    for (const name of ["before", "after", "change"] as const) {
      expect(showingAt(placeShowing(name).progress)).toBe(name);
    }
  });
});

test("paces are named", () => {
  expect(PACES.map(paceText).slice(0, 3)).toEqual(["auto", "1 step", "2 steps"]);
});

test.each(["rk4", "dopri5"] as const)(
  "a recorded step of %s is the one that the run takes",
  async (solver) => {
    const config = {
      ...PRESETS.tiny,
      hidden: "8",
      rows: 300,
      batch: 40,
      solver,
      solverSteps: 3,
      warm: 0,
      seed: 4,
    };
    const device = await testDevice();
    using flow = flowOf(device, config, undefined);
    const dataset = datasetOf(config, 0);
    const { signal } = new AbortController();
    const around = { keepScaling: false, caution: 1, signal };
    const settings = { ...around, resume: undefined, reportEvery: 1, evaluateEvery: 0 };
    const run = trainingOf(flow, dataset, config, settings);
    let params: Float32Array = new Float32Array();
    let expected: SlowStep | undefined;
    for await (const report of run) {
      if (expected) {
        expect(Math.abs(report.loss - expected.before)).toBeLessThan(1e-5);
        expect(report.gradNorm).toBe(expected.gradNorm);
        const moved = (await flow.params()).map((value, i) => value - params[i]!);
        expect(Math.hypot(...moved)).toBeCloseTo(expected.updateNorm, 6);
        break;
      }
      if (report.step < 2) continue;
      const checkpoint = await run.checkpoint();
      params = await flow.params();
      const step = await recordStep({ flow, dataset, config, checkpoint, ...around });
      // Looking changes nothing.
      expect(await flow.params()).toEqual(params);
      expect(step.step).toBe(3);
      expect(step.isNext).toBe(true);
      // All steps walked back one by one give the gradient that the trainer found in one go.
      const last = step.times.length - 1;
      expect(step.gathered[last]).toBe(0);
      expect(gatheredAt(step, 0)).toBe(0);
      expect(gatheredAt(step, 1)).toBe(step.gathered[0]);
      // Adaptive steps are chosen by tiles in training, for all points at once here: both are within the tolerance.
      const far = solver === "rk4" ? 1e-4 : 1e-2;
      expect(Math.abs(step.gathered[0]! / step.gradNorm - 1)).toBeLessThan(far);
      if (solver === "rk4") expect([step.times.length, step.nfe, step.nfeBackward]).toEqual([4, 12, 12]);
      expect(step.after).toBeLessThan(step.before);
      // A gradient is −∂/∂x of the NLL: towards it log p rises. Checked by a difference along the pull of one point.
      const [x, y] = [step.batch[0]!, step.batch[1]!];
      const [px, py] = [step.pull[0]![0]!, step.pull[0]![1]!];
      const h = 1e-2 / Math.hypot(px, py);
      const [low, high] = await flow.logProb(
        new Float32Array([x - h * px, y - h * py, x + h * px, y + h * py]),
      );
      // f32 leaves 1e-6 of log p, 1e-4 of such a difference; the rest is how log p bends over 0.02 of the data's units.
      expect(Math.abs((high! - low!) / (2 * h) / (px * px + py * py) - 1)).toBeLessThan(0.02);
      expected = step;
    }
  },
);
