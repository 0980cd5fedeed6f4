/** What a flow that stands still is asked: fetched when the first picture stands, because much code solves for it. */
export { check, inspect, ring } from "./probes.js";
export { SceneJourney } from "./scene-journey.js";
