/** What a flow that stands still is asked: fetched when the first picture stands, because much code solves for it. */
export { Journey } from "./journey.js";
export { check, inspect, ring } from "./probes.js";
