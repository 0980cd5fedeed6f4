import { expect, type Page, test } from "@playwright/test";
import { Faults, numberIn, reach } from "./support/faults.js";

const NAMES = ["mean-x", "mean-y", "std-x", "std-y", "correlation"];

function moments(page: Page, column: "now" | "data"): Promise<number[]> {
  return Promise.all(NAMES.map((name) => numberIn(page, `${column}-${name}`)));
}

function expectNear(actual: readonly number[], expected: readonly number[], bound: number): void {
  for (const [i, name] of NAMES.entries()) {
    expect(Math.abs(actual[i]! - expected[i]!), `${name}: ${actual[i]} for ${expected[i]}`).toBeLessThan(
      bound,
    );
  }
}

for (const model of ["moons"]) {
  test(`the flow of ${model} carries noise to data`, async ({ page }) => {
    const faults = new Faults(page);
    await page.goto(`sampling/?model=${model}&play=0`);
    await reach(page, "ready");
    const time = page.getByTestId("time");
    // Five standard errors of a mean or a correlation of 2,000 points are 0.11, those of a deviation 0.08.
    expectNear(await moments(page, "now"), [0, 0, 1, 1, 0], 0.11);
    await expect(page.getByTestId("time-text")).toHaveText("t = 1.00, noise");
    await time.focus();
    await page.keyboard.press("ArrowRight");
    expect(Number(await time.inputValue())).toBeGreaterThan(0);
    await page.keyboard.press("End");
    await expect(page.getByTestId("time-text")).toHaveText("t = 0.00, data");
    // The same errors at twice the spread, and what the flow itself gets wrong.
    expectNear(await moments(page, "now"), await moments(page, "data"), 0.25);
    faults.expectNone();
  });
}

test("play moves the points and stops at the data", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto("sampling/?count=500");
  await reach(page, "ready");
  const time = page.getByTestId("time");
  // With reduced motion nothing moves unasked.
  await expect(time).toHaveValue("0");
  await time.fill("0.9375");
  await page.getByTestId("play").click();
  await expect(page.getByTestId("play")).toHaveText("Pause");
  await expect(time).toHaveValue("1", { timeout: 30_000 });
  await expect(page.getByTestId("play")).toHaveText("Play");
});

test("play moves at 60 frames a second, though a frame is less than a step of the slider", async ({
  page,
}) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.clock.install();
  await page.goto("sampling/?count=500");
  await reach(page, "ready");
  await page.getByTestId("play").click();
  // The faked clock calls a frame every 16 ms: two seconds of the five from noise to data.
  await page.clock.runFor(2000);
  const progress = Number(await page.getByTestId("time").inputValue());
  expect(progress).toBeGreaterThan(0.35);
  expect(progress).toBeLessThan(0.9);
});
