/** The first 100 steps of the published run on two moons; 500 are in test/long. */
import { expect, test } from "vitest";
import { moons } from "../../src/data/index.js";
import { publishedRun } from "./moons-run.js";

test("two moons are at 3.12 nats or below after 100 steps", async () => {
  const data = moons();
  expect(data.heldOut).toHaveLength(2 * 10_000);
  const { heldOut, kl, losses } = await publishedRun(data, 100);
  expect(losses).toHaveLength(100);
  // A float64 reference reaches 2.95 to 3.08, by seed.
  expect(heldOut).toBeLessThan(3.12);
  // No model is better than the entropy, up to the error of a mean over 10,000 rows.
  expect(heldOut).toBeGreaterThan(data.entropy! - 0.03);
  // The same points in both terms: the entropy's share cancels.
  expect(Math.abs(kl - (heldOut - data.entropy!))).toBeLessThan(0.03);
}, 1_800_000);
