/** What a flow that stands still is asked: fetched when the first picture stands, because much code solves for it. */
import type { Flow } from "fjordgpu";
import { carry, fieldAt } from "../shared/carry.js";
import type { Asked } from "./probes.js";

export { PartedDensity } from "./parted-density.js";
export { check, inspect, ring } from "./probes.js";
export { SceneJourney } from "./scene-journey.js";
export { selfTest } from "./self-test.js";

/** A flow on a device, as it is asked about points. */
export function askedOf(flow: Flow): Asked {
  return {
    logProb: (points, options) => flow.logProb(points, options),
    carry: (points, start, times) => carry(flow, points, start, times),
    fieldAt: (points, t) => fieldAt(flow, points, t),
  };
}
