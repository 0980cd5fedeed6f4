/** Standing still: pauses are answered wherever a session is, and what comes too late about a flow is dropped. */
import { describe, expect, test } from "vitest";
import { Journey, type Traveller } from "../../demos/shared/journey.js";
import { Rest } from "../../demos/shared/rest.js";

/** Long enough for everything that only waits for promises. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

describe("a pause", () => {
  test("before the session first stands still is answered once, before any work", async () => {
    const told: string[] = [];
    const rest = new Rest(() => told.push("paused"));
    rest.start();
    rest.pause();
    const end = rest.whilePaused(async () => {
      told.push("work");
    });
    await settle();
    expect(told).toEqual(["paused", "work"]);
    rest.end();
    await end;
    expect(told).toEqual(["paused", "work"]);
  });

  test("that follows a start before the session noticed it is answered", async () => {
    const told: string[] = [];
    const rest = new Rest(() => told.push("paused"));
    const end = rest.whilePaused(async () => {
      told.push("work");
    });
    await settle();
    rest.start();
    rest.pause();
    await settle();
    expect(told).toEqual(["work", "paused", "work"]);
    rest.end();
    await end;
  });

  test("that comes while the session ends its work of its own accord is not answered", async () => {
    const told: string[] = [];
    const rest = new Rest(() => told.push("paused"));
    rest.start();
    rest.pause();
    rest.stand();
    const end = rest.whilePaused(async () => undefined);
    await settle();
    expect(told).toEqual([]);
    rest.end();
    await end;
  });
});

test("a course and moments that were put off while they were computed are not posted", async () => {
  let change = new AbortController();
  let leaving = true;
  const late = <T>(value: T) => {
    if (leaving) change.abort();
    return Promise.resolve(value);
  };
  const flow: Traveller = {
    T: () => Promise.resolve(1),
    standardisation: undefined,
    baseOf: (n) => new Float32Array(2 * n),
    trajectory: (points, times) => late((times as number[]).map(() => points as Float32Array)),
    logProb: (cells) => late(new Float32Array(cells.length / 2)),
  };
  const posted: string[] = [];
  const options = { window: [-1, 1], seed: 1, samples: 2, times: 3, stride: 2, size: 2 } as const;
  const journey = new Journey(options, ({ type, step }) => posted.push(`${type} ${step}`));

  expect(await journey.advance(flow, 0, change.signal)).toBe(true);
  expect(posted).toEqual([]);
  for (const isLeaving of [false, true, false, false]) {
    leaving = isLeaving;
    change = new AbortController();
    await journey.advance(flow, 5, change.signal);
  }
  expect(posted).toEqual(["course 5", "moment 5", "moment 5"]);
  expect([journey.knownAt(0), journey.knownAt(5)]).toEqual([0, 2]);
  journey.forget();
  await journey.advance(flow, 5, change.signal);
  expect(posted.at(-1)).toBe("course 5");
});
