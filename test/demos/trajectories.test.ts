import { readFileSync } from "node:fs";
import { readModel } from "fjordgpu";
import { expect, test } from "vitest";
import { legOf } from "../../demos/trajectories/legs.js";
import { FRAMES } from "../../demos/trajectories/protocol.js";
import { placeAt, roundTrip, stateAt, waysTo } from "../../demos/trajectories/round-trip.js";
import {
  type Drop,
  dropsFrom,
  dropsText,
  MOST_PARTICLES,
  particlesOf,
  SHAPES,
  withDrop,
} from "../../demos/trajectories/shapes.js";

test("the error of a round trip: the largest distance and the one in the middle", () => {
  expect(roundTrip([0, 0, 1, 1, 2, 2], [3, 4, 1, 1, 2, 3])).toEqual({ max: 5, median: 1 });
  expect(roundTrip([0, 0, 0, 0], [0, 1, 0, 2])).toEqual({ max: 2, median: 1.5 });
});

test("the journey turns at its middle, and moves on straight lines between frames", () => {
  expect(placeAt(0.25)).toEqual({ leg: "out", share: 0.5 });
  expect(placeAt(0.5)).toEqual({ leg: "out", share: 1 });
  expect(placeAt(0.75)).toEqual({ leg: "back", share: 0.5 });
  const frames = [
    [0, 0],
    [1, 2],
    [3, 2],
  ].map((frame) => Float32Array.from(frame));
  expect([...stateAt(frames, 0.75)]).toEqual([2, 2]);
  expect(waysTo(frames, 0.75)).toEqual([[0, 0, 1, 2, 2, 2]]);
});

test.each(SHAPES)("the middle of a %s is where it was dropped", (shape) => {
  const particles = particlesOf({ shape, x: 1, y: -2 });
  const middle = (axis: number) =>
    particles.reduce((sum, value, i) => sum + (i % 2 === axis ? value : 0), 0) / (particles.length / 2);
  expect(middle(0)).toBeCloseTo(1, 12);
  expect(middle(1)).toBeCloseTo(-2, 12);
});

test("drops: the oldest make room, and the address keeps those that make sense", () => {
  const ring: Drop = { shape: "ring", x: -1, y: 1.8 };
  let drops: Drop[] = [{ shape: "particle", x: 0, y: 0 }];
  const fitting = Math.floor(MOST_PARTICLES / (particlesOf(ring).length / 2));
  for (let i = 0; i < fitting; i++) drops = withDrop(drops, ring);
  expect(drops).toEqual(Array(fitting).fill(ring));
  expect(dropsText([ring, { shape: "row", x: 1 / 3, y: 0 }])).toBe("ring,-1,1.8;row,0.33,0");
  expect(dropsFrom("ring,-1,1.8;star,0,0;row,9,0;row,,1;cell,0,x", [-4, 4])).toEqual([ring]);
});

test("there and back in float64: less error for a finer tolerance, and more evaluations", async () => {
  const { field, params, T } = readModel(readFileSync("demos/public/models/moons.safetensors"));
  const model = { field, params: params!, T: T! };
  const from = Float32Array.from(particlesOf({ shape: "row", x: 1, y: -1.2 }));
  const trip = async (tolerance: number) => {
    const control = { method: "tsit5", tolerance } as const;
    const out = await legOf("cpu", model, { from, direction: "out", ...control });
    const back = await legOf("cpu", model, { from: out.end, direction: "back", ...control });
    expect(out.frames).toHaveLength(FRAMES);
    expect(out.stops).toHaveLength(out.accepted + 1);
    expect([out.stops[0], out.frames[0]]).toEqual([from, from]);
    expect([out.stops.at(-1), out.frames.at(-1)]).toEqual([out.end, out.end]);
    return { error: roundTrip(from, back.end).max, nfe: out.nfe + back.nfe };
  };
  const [coarse, fine] = [await trip(1e-3), await trip(1e-6)];
  // Were the error proportional to the tolerance, it would fall by 1000.
  expect(fine.error).toBeLessThan(coarse.error / 100);
  expect(fine.error).toBeGreaterThan(0);
  expect(fine.nfe).toBeGreaterThan(coarse.nfe);
});
