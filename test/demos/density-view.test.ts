/** The pure parts of the density page's view: grids, contours, time, interpolation, rings, and the guard. */
import { describe, expect, test } from "vitest";
import { Bands } from "../../demos/density/bands.js";
import { History } from "../../demos/density/history.js";
import type { Ring } from "../../demos/density/protocol-view.js";
import { readingAt } from "../../demos/density/reading.js";
import { pointOn, polygonArea, ringAt } from "../../demos/density/rings.js";
import { trailsOf } from "../../demos/density/scene-journey.js";
import { standingText } from "../../demos/density/standing.js";
import { streamlines } from "../../demos/density/streamlines.js";
import { Clock } from "../../demos/shared/clock.js";
import { massLevels } from "../../demos/shared/contours.js";
import type { Moment } from "../../demos/shared/course.js";
import { cellCentres, coarseToFine, meshNodes } from "../../demos/shared/grid.js";
import { Checkpoints, Guard } from "../../demos/shared/guard.js";
import { between, distanceFromNoise, Stage } from "../../demos/shared/stage.js";
import { contour } from "../support/contour.js";

const WINDOW = [-4, 4] as const;

/** log N(x; mean, std² I) on a grid. */
function gaussian(size: number, mean: readonly number[], std: number): Float32Array {
  const points = cellCentres(size, WINDOW);
  return Float32Array.from({ length: size * size }, (_, i) => {
    const square = ((points[2 * i]! - mean[0]!) ** 2 + (points[2 * i + 1]! - mean[1]!) ** 2) / std ** 2;
    return -square / 2 - Math.log(2 * Math.PI * std ** 2);
  });
}

describe("grids", () => {
  test("cells are listed from the top left", () => {
    expect([...cellCentres(2, [-4, 4])]).toEqual([-2, 2, 2, 2, -2, -2, 2, -2]);
  });

  test("a mesh has its level lines first", () => {
    const nodes = meshNodes({ lines: 2, nodes: 3, half: 1 });
    expect([...nodes.subarray(0, 6)]).toEqual([-1, -1, 0, -1, 1, -1]);
    expect([...nodes.subarray(12, 18)]).toEqual([-1, -1, -1, 0, -1, 1]);
  });

  test.each([0, 1, 8, 13])("the order of halving reaches each of 0 to %d once, the ends first", (last) => {
    const order = coarseToFine(last);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: last + 1 }, (_, i) => i));
    expect(order.slice(0, 2).sort()).toEqual([0, last].slice(0, Math.min(2, last + 1)).sort());
  });
});

describe("parts of a long computation", () => {
  /** Rows of the parts that are taken at so many rows a millisecond. */
  const rowsAt = (bands: Bands, speed: number, parts: number) =>
    Array.from({ length: parts }, () => {
      const { rows } = bands;
      bands.took(rows, rows / speed);
      return rows;
    });

  test("become as long as the time allows, and shorter at once where they take too long", () => {
    const bands = new Bands(100, 1024, 256);
    expect(rowsAt(bands, 100, 5)).toEqual([1024, 2048, 4096, 8192, 8192]);
    expect(rowsAt(bands, 10, 3)).toEqual([8192, 512, 512]);
    // Neither ever nothing, nor more than a solve takes at a time.
    expect(rowsAt(bands, 0.1, 4).at(-1)).toBe(256);
    expect(rowsAt(bands, 1e6, 9).at(-1)).toBe(16_384);
  });

  test("are not judged by a rest", () => {
    const bands = new Bands(100, 1024, 256);
    bands.took(16, 1);
    expect(bands.rows).toBe(1024);
  });
});

test("trails are the ways of the first particles, one after the other", () => {
  const frames = [0, 10, 20].map((at) => Float32Array.from([1, 2, 3, 4, 5, 6], (x) => at + x));
  expect([...trailsOf(frames, 2)]).toEqual([1, 2, 11, 12, 21, 22, 3, 4, 13, 14, 23, 24]);
});

describe("contours", () => {
  test("of a Gaussian are circles, and enclose the mass that they should", () => {
    const values = gaussian(64, [0.5, -0.25], 0.8);
    const [half, most] = massLevels(values, [0.5, 0.9]);
    // Mass 1 − exp(−r²/2) within r deviations; a cell is 0.125, and the levels are those of whole cells.
    for (const [level, share] of [
      [half!, 0.5],
      [most!, 0.9],
    ] as const) {
      const radius = 0.8 * Math.sqrt(-2 * Math.log(1 - share));
      const lines = contour(values, 64, WINDOW, level);
      expect(lines.length).toBeGreaterThan(20);
      for (const [x0, y0] of lines)
        expect(Math.abs(Math.hypot(x0! - 0.5, y0! + 0.25) - radius)).toBeLessThan(0.03);
    }
  });

  test("at a saddle cut off the corners that differ from the middle", () => {
    // High at the top left and the bottom right; the mean decides whether they are joined.
    const ends = (level: number) =>
      contour([1, 0, 0, 1], 2, [0, 2], level).map((segment) => segment.map((x) => x * 4));
    // The low corners, top right and bottom left, are cut off.
    expect(ends(0.5 - 0.25)).toEqual([
      [5, 6, 6, 5],
      [3, 2, 2, 3],
    ]);
    // The high corners are.
    expect(ends(0.5 + 0.25)).toEqual([
      [2, 5, 3, 6],
      [6, 3, 5, 2],
    ]);
  });

  test("nothing to draw where a level is never crossed", () => {
    expect(contour([1, 1, 1, 1], 2, [0, 1], 2)).toEqual([]);
  });
});

describe("the clock", () => {
  test("stops at its end, and starts from the other one", () => {
    const clock = new Clock(2);
    clock.play();
    expect(clock.progress).toBe(0);
    clock.advance(0.5);
    expect(clock.progress).toBeCloseTo(0.25, 12);
    clock.speed = 4;
    clock.advance(0.5);
    expect([clock.progress, clock.playing]).toEqual([1, false]);
  });

  test("runs backwards, and round and round in a loop", () => {
    const clock = new Clock(1);
    clock.direction = -1;
    clock.loop = true;
    clock.play();
    expect(clock.progress).toBe(1);
    clock.advance(0.7);
    expect(clock.progress).toBeCloseTo(0.3, 12);
    clock.advance(0.7);
    expect([clock.progress, clock.playing]).toEqual([0, true]);
    clock.advance(0.1);
    expect(clock.progress).toBe(1);
  });
});

describe("the stage", () => {
  const course = { type: "course", step: 3, times: [1, 0.75, 0.5, 0.25, 0], stride: 2 } as const;
  const scaling = { mean: [0, 0], std: [1, 1] } as const;
  const frames = Array.from({ length: 5 }, (_, i) => new Float32Array([i, 10 * i]));
  const moment = (index: number, mean: readonly number[]): Moment => {
    const field = new Float32Array([index, 1]);
    return { type: "moment", step: 3, index, size: 32, logDensity: gaussian(32, mean, 1), field };
  };

  test("particles go straight between two times", () => {
    expect([...between(frames, 0.625)]).toEqual([2.5, 25]);
    expect([...between(frames, 1)]).toEqual([4, 40]);
    expect(pointOn(new Float32Array([0, 0, 1, 2, 3, 2]), 0.75)).toEqual([2, 2]);
  });

  test("a density between two Gaussians is the Gaussian between them", () => {
    const stage = new Stage();
    stage.begin({ ...course, ...scaling, samples: frames });
    expect(stage.densityAt(0.5)).toBeUndefined();
    stage.add(moment(0, [-1, 0]));
    // All there is so far.
    expect(stage.densityAt(1)!.logDensity).toEqual(gaussian(32, [-1, 0], 1));
    stage.add(moment(4, [1, 1]));
    stage.add({ ...moment(2, [3, 3]), step: 4 });
    expect([stage.known, stage.wanted, stage.T]).toEqual([2, 3, 1]);
    const middle = stage.densityAt(0.5)!.logDensity;
    const expected = gaussian(32, [0, 0.5], 1);
    // Up to its mass, which the blend loses with the distance of the two.
    const lost = expected[0]! - middle[0]!;
    for (let i = 0; i < middle.length; i++) expect(expected[i]! - middle[i]!).toBeCloseTo(lost, 4);
    expect([...stage.fieldAt(0.25)!]).toEqual([1, 1]);
    stage.clear();
    expect(stage.samplesAt(1)).toBeUndefined();
  });

  test("the distance from noise is the KL divergence of two Gaussians", () => {
    const logDensity = gaussian(64, [0.5, 0], 0.6);
    // KL(N(μ, s²) ‖ N(0, 1)) in two dimensions: |μ|²/2 + s² − 1 − 2 ln s. Beyond the window there is nothing.
    const expected = 0.125 + 0.36 - 1 - 2 * Math.log(0.6);
    expect(distanceFromNoise({ size: 64, logDensity }, WINDOW, scaling)).toBeCloseTo(expected, 4);
    const base = { mean: [0.5, 0], std: [0.6, 0.6] } as const;
    expect(distanceFromNoise({ size: 64, logDensity }, WINDOW, base)).toBeCloseTo(0, 5);
  });

  test("a ring that was doubled in one direction has twice the area", () => {
    const circle = (stretch: number) =>
      Float32Array.from({ length: 128 }, (_, i) => {
        const angle = (Math.PI * Math.floor(i / 2)) / 32;
        return 0.2 * (i % 2 === 0 ? stretch * Math.cos(angle) : Math.sin(angle));
      });
    const centre = new Float32Array(2);
    const ring: Ring = {
      type: "ringed",
      id: 0,
      t: 0,
      times: [1, 0],
      places: [circle(2), circle(1)],
      centre: [centre, centre],
      logArea: [Math.LN2, 0],
      logDensity: 0,
    };
    for (const [progress, area] of [
      [0, 2],
      [1, 1],
    ] as const) {
      const { measured, predicted } = ringAt(ring, 0.2, progress);
      expect(measured).toBeCloseTo(area, 5);
      expect(predicted).toBeCloseTo(area, 12);
    }
    expect(polygonArea([0, 0, 0, 1, 1, 1, 1, 0])).toBe(-1);
  });
});

describe("the guard", () => {
  test("tells leaps, numbers that are none and wild fields from training as usual", () => {
    const calm = { phase: "likelihood", nfe: 60, nfeBackward: 90 } as const;
    const guard = new Guard();
    expect(guard.judge({ ...calm, losses: [] })).toBeUndefined();
    // The warm start's losses are no NLL: they may leap, but must be numbers, and say nothing about what follows.
    const warm = { ...calm, phase: "warm-start" } as const;
    expect(guard.judge({ ...warm, losses: [0.1, 40] })).toBeUndefined();
    expect(guard.judge({ ...warm, losses: [Number.NaN] })).toMatch(/no longer a number/);
    expect(guard.judge({ ...calm, losses: [3.4, 4.4, 3.1] })).toBeUndefined();
    expect(guard.judge({ ...calm, losses: [3, 9.2] })).toMatch(/leapt from 3\.0 to 9\.2 nats/);
    expect(guard.judge({ ...calm, losses: [Number.NaN] })).toMatch(/no longer a number/);
    expect(guard.judge({ ...calm, nfe: 2000, nfeBackward: 1500, losses: [3] })).toMatch(
      /3,500 field evaluations/,
    );
  });

  test("checkpoints go back at least 200 steps, or to the beginning", () => {
    const kept = new Checkpoints();
    for (let step = 20; step <= 900; step += 20) {
      if (kept.isDue(step)) kept.add({ step, bytes: new Uint8Array() });
    }
    expect(kept.before(910)?.step).toBe(700);
    expect(kept.before(899)?.step).toBe(600);
    expect(kept.before(600)).toBeUndefined();
    kept.returnTo(700);
    expect([kept.isDue(760), kept.isDue(800)]).toEqual([false, true]);
    expect(kept.before(2000)?.step).toBe(700);
  });

  test("curves forget what came after the step that a run went back to", () => {
    const history = new History();
    const counts = {
      phase: "likelihood",
      nfe: 32,
      nfeBackward: 32,
      kl: 0,
      stepsPerSecond: 1,
      seconds: 1,
    } as const;
    for (const step of [5, 10, 15, 10]) {
      history.add({
        type: "progress",
        step,
        loss: step,
        heldOut: undefined,
        stepTime: step > 5 ? 2 : undefined,
        ...counts,
      });
    }
    expect(history.nll(2)[0]).toEqual([0, 5, 10]);
    expect(history.stepTimes()).toEqual([
      [0, 5, 10],
      [null, null, 2],
    ]);
    expect(history.table(1).map(({ step }) => step)).toEqual([10]);
  });
});

test("streamlines of a field that turns are circles, spread over the window and never across each other", () => {
  const size = 15;
  const centres = cellCentres(size, WINDOW);
  const field = centres.map((_, i) => (i % 2 === 0 ? -centres[i + 1]! : centres[i - 1]!));
  const lines = streamlines(field, size, WINDOW);
  expect(lines.length).toBeGreaterThan(8);
  for (const line of lines) {
    const radii = Array.from({ length: line.length / 2 }, (_, i) =>
      Math.hypot(line[2 * i]!, line[2 * i + 1]!),
    );
    // The field is linear, so what lies between the grid's nodes is exact; beyond the outermost it is held.
    if (Math.max(...radii) > 3.7) continue;
    expect(Math.max(...radii) - Math.min(...radii)).toBeLessThan(0.05);
  }
  expect(streamlines(new Float32Array(2 * size * size), size, WINDOW)).toEqual([]);
  // Into a sink, off the centres of cells, a line ends soon: within two cells, 0.36 each, it has no more than 20 points.
  const sink = streamlines(
    centres.map((x) => 0.1 - x),
    size,
    WINDOW,
  );
  const near = sink.map((line) =>
    line.filter((x, i) => i % 2 === 0 && Math.hypot(x - 0.1, line[i + 1]! - 0.1) < 0.36),
  );
  expect(Math.max(...near.map((points) => points.length))).toBeLessThan(20);
});

test("how training stands, in one line", () => {
  const progress = {
    type: "progress",
    phase: "likelihood",
    step: 1200,
    loss: 2.414,
    heldOut: undefined,
    kl: undefined,
    nfe: 32,
    nfeBackward: 32,
    stepsPerSecond: 35.04,
    seconds: 12.3,
    stepTime: undefined,
  } as const;
  expect(standingText(1200, progress, "some GPU")).toBe(
    "Step 1,200 · NLL 2.41 nats · 35.0 steps/s · 32 + 32 evaluations · 12 s · some GPU",
  );
  expect(standingText(3, { ...progress, loss: undefined }, "")).not.toContain("NLL");
  expect(standingText(0, undefined, "")).toBe("Step 0");
});

test("what the curves say at a step: the nearest row, and the last held-out value up to there", () => {
  const row = { loss: 2.5, heldOut: null, nfe: 32, nfeBackward: 32, stepTime: 28.14 };
  const rows = [
    { ...row, step: 10, loss: null, heldOut: 3 },
    { ...row, step: 1200, loss: 2.4137 },
    { ...row, step: 1220, heldOut: 2.2 },
  ];
  expect(readingAt(rows, 1205)).toBe(
    "Step 1,200: training NLL 2.414 nats, held out 3.000 nats, 32 + 32 evaluations, 28.1 ms.",
  );
  expect(readingAt(rows, 0)).toBe("Step 10: held out 3.000 nats, 32 + 32 evaluations, 28.1 ms.");
  expect(readingAt([], 5)).toBe("");
});
