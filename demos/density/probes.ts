/** Answers of the worker about single points and rings, and its check of the round trip. */
import type { data, Flow } from "fjordgpu";
import { carry, fieldAt } from "../shared/carry.js";
import { type Check, type DropRing, type Inspect, type Inspected, RING, type Ring } from "./protocol-view.js";
import { selfTest } from "./self-test.js";

/** At most. */
const CHECKED = 500;

/** @param times of the course, from T down to 0 @throws FjordError `solve-failed`, DeviceLostError */
export async function inspect(
  flow: Flow,
  { id, place, t }: Inspect,
  times: readonly number[],
): Promise<Inspected> {
  const point = new Float32Array(place);
  const { velocity, divergence } = await fieldAt(flow, point, t);
  const [logDensity] = await flow.logProb(point, { at: t });
  const { places } = await carry(flow, point, t, times);
  return {
    type: "inspected",
    id,
    place,
    t,
    velocity: [velocity[0]!, velocity[1]!],
    divergence: divergence[0]!,
    logDensity: logDensity!,
    path: Float32Array.from(places.flatMap((there) => [...there])),
  };
}

/** @param times of the course, from T down to 0 @throws FjordError `solve-failed`, DeviceLostError */
export async function ring(
  flow: Flow,
  { id, place, t, radius }: DropRing,
  times: readonly number[],
): Promise<Ring> {
  const points = new Float32Array(2 * (RING + 1));
  for (let i = 0; i < RING; i++) {
    const angle = (2 * Math.PI * i) / RING;
    points[2 * i] = place[0] + radius * Math.cos(angle);
    points[2 * i + 1] = place[1] + radius * Math.sin(angle);
  }
  points.set(place, 2 * RING);
  const { places, logArea } = await carry(flow, points, t, times);
  const [logDensity] = await flow.logProb(new Float32Array(place), { at: t });
  return {
    type: "ringed",
    id,
    t,
    times,
    places: places.map((all) => all.slice(0, 2 * RING)),
    centre: places.map((all) => all.slice(2 * RING)),
    logArea: logArea.map((all) => all[RING]!),
    logDensity: logDensity!,
  };
}

/** @throws FjordError `aborted`, `solve-failed`, DeviceLostError */
export async function check(
  flow: Flow,
  set: data.ToySet,
  seed: number,
  step: number,
  signal: AbortSignal,
): Promise<Check> {
  const points = set.sample(CHECKED, seed);
  // Points of the reader's own may be fewer.
  const count = points.length / 2;
  const { z } = await flow.transform(points, { signal });
  const nfe = flow.lastStats?.nfe ?? 0;
  const { x } = await flow.inverse(z, { signal });
  const errors = Float64Array.from({ length: count }, (_, i) =>
    Math.hypot(x[2 * i]! - points[2 * i]!, x[2 * i + 1]! - points[2 * i + 1]!),
  ).sort();
  return {
    type: "check",
    f32: await selfTest(flow.device),
    step,
    points: count,
    median: errors[count >> 1]!,
    max: errors[count - 1]!,
    nfe,
  };
}
