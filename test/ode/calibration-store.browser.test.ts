/** Calibrations in a page. */
import { expect, test } from "vitest";
import { defaultStore } from "../../src/gpu/calibration-store.js";

test("IndexedDB gives back what was written last, and nothing for another key", async () => {
  const store = (await defaultStore())!;
  await store.write("test key", "one");
  await store.write("test key", "two");
  expect(await store.read("test key")).toBe("two");
  expect(await store.read("another key")).toBeUndefined();
});
