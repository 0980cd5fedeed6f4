/** 500 steps of the published run on two moons: half an hour or more on a software adapter. */
import { expect, test } from "vitest";
import { moons } from "../../src/data/index.js";
import { publishedRun } from "../train/moons-run.js";

test("two moons are at 2.56 nats or below after 500 steps", async () => {
  const data = moons();
  const { heldOut } = await publishedRun(data, 500);
  // A float64 reference reaches 2.50 to 2.52, by seed.
  expect(heldOut).toBeLessThan(2.56);
  expect(heldOut).toBeGreaterThan(data.entropy! - 0.03);
});
