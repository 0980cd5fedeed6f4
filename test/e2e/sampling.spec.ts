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

/** Share of the plate's pixels that are bright: dots, not night or axes. */
function litShare(page: Page): Promise<number> {
  return page.getByTestId("plate").evaluate((plate: HTMLCanvasElement) => {
    const { data } = plate.getContext("2d")!.getImageData(40, 20, plate.width - 60, plate.height - 60);
    let lit = 0;
    for (let i = 0; i < data.length; i += 4) if (Math.max(data[i]!, data[i + 1]!, data[i + 2]!) > 110) lit++;
    return (4 * lit) / data.length;
  });
}

/** The points of what is set now have been carried and judged: times what chance has. */
async function judged(page: Page): Promise<number> {
  await expect(page.locator("body")).toHaveAttribute("data-meter", "ready");
  await reach(page, "ready");
  return numberIn(page, "ratio");
}

test("flows carry noise to data, and the meter says what temperature costs", async ({ page }) => {
  const faults = new Faults(page);
  await page.goto("sampling/?model=moons&play=0");
  await reach(page, "ready");
  const time = page.getByTestId("time");
  // Five standard errors of a mean or a correlation of 2,000 points are 0.11, those of a deviation 0.08.
  expectNear(await moments(page, "now"), [0, 0, 1, 1, 0], 0.11);
  await expect(page.getByTestId("time-text")).toHaveText("t = 1.00, noise");
  await expect(page.getByTestId("adapter-note")).toContainText(/100,000 points take it about \d+ s/);
  await time.focus();
  await page.keyboard.press("ArrowRight");
  expect(Number(await time.inputValue())).toBeGreaterThan(0);
  await page.keyboard.press("End");
  await expect(page.getByTestId("time-text")).toHaveText("t = 0.00, data");
  // The same errors at twice the spread, and what the flow itself gets wrong.
  expectNear(await moments(page, "now"), await moments(page, "data"), 0.25);
  await page.getByLabel("Paths of 72 points").uncheck();
  const exact = await judged(page);
  await expect.poll(() => litShare(page)).toBeGreaterThan(0.005);

  const temperature = page.getByTestId("temperature");
  for (const [value, words] of [
    ["1.4", "1.40, spread too far"],
    ["0.6", "0.60, drawn together"],
  ] as const) {
    await temperature.fill(value);
    await expect(page.getByTestId("temperature-text")).toHaveText(words);
    await expect(page.getByTestId("noise-std-x")).toHaveText(`${value}0`);
    // Several times as far from the data as at temperature 1, and as chance goes.
    expect(await judged(page)).toBeGreaterThan(2 * exact);
    await expect(page.getByTestId("verdict")).toContainText("differ from data");
    expect(new URL(page.url()).searchParams.get("temperature")).toBe(value);
  }
  await temperature.fill("0");
  await judged(page);
  await expect(page.getByTestId("now-std-x")).toHaveText("0.00");
  // One dot.
  await expect.poll(() => litShare(page)).toBeLessThan(0.001);
  await expect(page.getByTestId("plate")).toHaveAttribute("aria-label", /2,000 .* at temperature 0.00/);
  await temperature.fill("1");
  for (const model of ["8gaussians", "pinwheel"]) {
    await page.getByLabel("Trained flow").selectOption(model);
    await judged(page);
    // Deviations of 2.8 each way: five standard errors of a mean are 0.32.
    expectNear(await moments(page, "now"), await moments(page, "data"), 0.4);
  }
  faults.expectNone();
});

test("play moves the points and stops at the data", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto("sampling/?count=2000");
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
  await page.goto("sampling/?count=2000");
  await reach(page, "ready");
  await page.getByTestId("play").click();
  // The faked clock calls a frame every 16 ms: two seconds of the five from noise to data.
  await page.clock.runFor(2000);
  const progress = Number(await page.getByTestId("time").inputValue());
  expect(progress).toBeGreaterThan(0.35);
  expect(progress).toBeLessThan(0.9);
});
