import { expect, type Page, test } from "@playwright/test";
import { COLOR_MAP } from "../../demos/shared/colormap.js";
import { toyDataset } from "../../src/data/index.js";
import { initialParams, mlp } from "../../src/field/mlp.js";
import { logProb } from "../../src/reference/cnf.js";
import { evaluate } from "../../src/reference/field.js";
import { divergence, exactTrace } from "../../src/reference/trace.js";
import { Faults, numberIn, reach } from "./support/faults.js";
import { settledBytes } from "./support/picture.js";

/** The numbers in a text such as "(−0.123, 0.456)". */
async function pairIn(page: Page, testId: string): Promise<[number, number]> {
  const text = (await page.getByTestId(testId).textContent())!.replaceAll("−", "-").replace(/[()]/g, "");
  return text.split(",").map(Number) as [number, number];
}

/** The untrained flow of the tiny preset in float64, at a point and a time. */
function truth(place: readonly number[], t: number) {
  const { spec } = mlp({ dim: 2, hidden: [32, 32] });
  const theta = Float64Array.from(initialParams(spec, 1));
  const z = Float64Array.from(place);
  const trace = exactTrace(1, 2);
  const flow = { spec, theta, t0: t, t1: 1, options: { method: "rk4", steps: 32 } as const };
  const field = evaluate(spec, theta, t, z, trace.tangents);
  return {
    f: field.f,
    divergence: divergence(field, trace)[0]!,
    logDensity: logProb(flow, z, trace).logProb[0]!,
  };
}

test("numbers at a point are those of the flow; steps that are too large are noticed", async ({ page }) => {
  const faults = new Faults(page);
  await page.goto("density/?preset=tiny&seed=1&warm=0&lr=1");
  await reach(page, "ready");
  await expect(page.getByTestId("time")).toBeEnabled();
  for (const [place, t] of [
    [[0.5, -1], 0],
    [[-1.25, 2], 0.25],
  ] as const) {
    await page.getByTestId("time").fill(String(1 - t));
    await page.getByLabel("x", { exact: true }).fill(String(place[0]));
    await page.getByLabel("y", { exact: true }).fill(String(place[1]));
    await page.getByTestId("point-inspect").click();
    const shown = place.map((x) => x.toFixed(3).replace("-", "−")).join(", ");
    await expect(page.getByTestId("point-place")).toHaveText(`(${shown})`);
    const { f, divergence, logDensity } = truth(place, t);
    // Three decimals are shown; 8 steps of rk4 on an untrained field are exact to far more.
    const field = await pairIn(page, "point-field");
    for (const d of [0, 1]) expect(Math.abs(field[d]! - f[d]!)).toBeLessThan(1e-3);
    expect(Math.abs((await numberIn(page, "point-divergence")) - divergence)).toBeLessThan(1e-3);
    expect(Math.abs((await numberIn(page, "point-density")) - logDensity)).toBeLessThan(1e-3);
  }

  // The point goes along its path, and the numbers with it.
  await page.getByTestId("time").fill("0.25");
  await expect(page.getByTestId("point-time")).toHaveText("at t = 0.75");
  const there = await pairIn(page, "point-place");
  expect(Math.hypot(there[0] + 1.25, there[1] - 2)).toBeGreaterThan(0.01);
  // The place is known to half of its last digit, and the field is smooth: its slope is about 1.
  const moved = truth(there, 0.75);
  const field = await pairIn(page, "point-field");
  for (const d of [0, 1]) expect(Math.abs(field[d]! - moved.f[d]!)).toBeLessThan(3e-3);
  expect(Math.abs((await numberIn(page, "point-density")) - moved.logDensity)).toBeLessThan(6e-3);

  await page.getByTestId("time").fill("1");
  await page.getByTestId("plate").hover({ position: { x: 200, y: 300 } });
  await expect(page.getByTestId("point-place")).not.toHaveText("(−1.250, 2.000)");
  await page.getByRole("heading", { level: 1 }).hover();
  await expect(page.getByTestId("point-place")).toHaveText("–");

  // A control that has the focus keeps the keys it uses itself.
  await page.getByLabel("x", { exact: true }).focus();
  await page.keyboard.press("s");
  await page.keyboard.press("Space");
  expect(await page.locator("body").getAttribute("data-state")).toBe("ready");
  await page.locator("h1").click();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");

  await page.keyboard.press("s");
  await reach(page, "paused");
  expect(await numberIn(page, "step")).toBe(1);
  // At this learning rate the second step leaps to 11.7 nats.
  await page.keyboard.press("s");
  await reach(page, "trouble");
  expect(await numberIn(page, "step")).toBe(2);
  await expect(page.locator("#notice")).toContainText("The loss has leapt");
  // The same again: the next report is of five steps, and the second leaps as before.
  await page.getByRole("button", { name: "Begin again at the same rate" }).click();
  await expect(page.locator("#notice")).toContainText("paused at step 5");
  await expect(page.getByLabel("Learning rate")).toHaveValue("1");
  await page.getByRole("button", { name: "Begin again with half the learning rate" }).click();
  await expect(page.locator("#notice")).toBeHidden();
  await page.locator("#settings-card > summary").click();
  await expect(page.getByLabel("Learning rate")).toHaveValue("0.5");
  await expect.poll(() => numberIn(page, "step")).toBe(5);
  faults.expectNone();
});

/** Mean and deviation of the plate's pixels at t = 0 of the noise, weighted by the density that their colours stand for. */
async function pixelMoments(page: Page): Promise<{ mean: number[]; std: number[] }> {
  const levels = Array.from({ length: 256 }, (_, i) => [...COLOR_MAP.subarray(3 * i, 3 * i + 3)]);
  return page.getByTestId("plate").evaluate((canvas, levels) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
    const isFilled = (x: number, y: number) => data[4 * (y * width + x) + 3] === 255;
    // The plate is what is opaque where no labels stand: a third of the way along and down.
    const [third, down] = [Math.round(width / 3), Math.round(height / 3)];
    const columns = [...Array(width).keys()].filter((x) => isFilled(x, down));
    const rows = [...Array(height).keys()].filter((y) => isFilled(third, y));
    const [left, top, side] = [columns[0]!, rows[0]!, columns.length];
    const sums = { weight: 0, first: [0, 0], second: [0, 0] };
    for (let row = 2; row < side - 2; row += 4) {
      for (let column = 2; column < side - 2; column += 4) {
        const at = 4 * ((top + row) * width + left + column);
        const distances = levels.map((level) =>
          level.reduce((sum, value, i) => sum + (value - data[at + i]!) ** 2, 0),
        );
        const nearest = Math.min(...distances);
        // The ring is painted over the density, in colours that are not on the map.
        if (nearest > 50) continue;
        const weight = distances.indexOf(nearest);
        const place = [-4 + (8 * (column + 0.5)) / side, 4 - (8 * (row + 0.5)) / side];
        sums.weight += weight;
        for (const d of [0, 1]) {
          sums.first[d]! += weight * place[d]!;
          sums.second[d]! += weight * place[d]! ** 2;
        }
      }
    }
    const mean = sums.first.map((value) => value / sums.weight);
    return { mean, std: sums.second.map((value, d) => Math.sqrt(value / sums.weight - mean[d]! ** 2)) };
  }, levels);
}

/** Moments of a Gaussian of one axis as far as the window shows it; across, it ends at 2.3 deviations. */
function truncated(center: number, variance: number): { mean: number; std: number } {
  const places = Array.from({ length: 400 }, (_, i) => -4 + (i + 0.5) / 50);
  const weights = places.map((x) => Math.exp(-((x - center) ** 2) / (2 * variance)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = places.reduce((sum, x, i) => sum + weights[i]! * x, 0) / total;
  return {
    mean,
    std: Math.sqrt(places.reduce((sum, x, i) => sum + weights[i]! * (x - mean) ** 2, 0) / total),
  };
}

/** The picture of the noise is that of a Gaussian with the data's mean and deviation. */
async function expectBaseInPixels(page: Page): Promise<void> {
  const layers = ["Data", "Samples", "Arrows", "Grid"].map((name) => page.getByRole("checkbox", { name }));
  for (const layer of layers) await layer.uncheck();
  const { points } = toyDataset("moons", { rows: 20_000, heldOut: 0, seed: 1 });
  const axis = (d: number) => points.filter((_, i) => i % 2 === d);
  const truth = [0, 1].map((d) => {
    const mean = axis(d).reduce((sum, value) => sum + value, 0) / 20_000;
    const variance = axis(d).reduce((sum, value) => sum + (value - mean) ** 2, 0) / 20_000;
    return truncated(mean, variance);
  });
  // The cells are 0.22 wide, the samples' moments known to 0.01; colours leave out what is below 1/512 of the top, and
  // the ring covers some. All together it is 0.005 by a simulation without the ring.
  const worst = async () => {
    const found = await pixelMoments(page);
    return Math.max(
      ...truth.flatMap(({ mean, std }, d) => [
        Math.abs(found.mean[d]! - mean),
        Math.abs(found.std[d]! - std),
      ]),
    );
  };
  await expect.poll(worst).toBeLessThan(0.03);
  for (const layer of layers) await layer.check();
}

test("a warm start comes first; the course of the flow, from data to noise and back", async ({ page }) => {
  const faults = new Faults(page);
  await page.goto("density/?preset=tiny&seed=1&layer=concat_first&warm=150&steps=3&start=1");
  await expect(page.getByTestId("status")).toContainText("Warm start on");
  await reach(page, "finished", 120_000);
  expect(await numberIn(page, "step")).toBe(153);
  // Three steps of likelihood alone leave it above the NLL of the best Gaussian, 3.294.
  expect(await numberIn(page, "held-out")).toBeLessThan(3.294 - 0.05);
  const time = page.getByTestId("time");
  await expect(time).toBeEnabled();
  await expect(page.locator("#time-progress")).toContainText("of 65 moments computed");
  await page.getByTestId("point-drop").click();
  await expect(page.getByTestId("ring-measured")).not.toHaveText("–");
  expect(await numberIn(page, "moment-distance")).toBeGreaterThan(0.02);

  await time.fill("0");
  // The base is known in closed form. Its density is the second of the course, which comes in time by time.
  await expect.poll(() => numberIn(page, "moment-distance")).toBeLessThan(0.002);
  const [mean, std] = [await pairIn(page, "moment-mean"), await pairIn(page, "moment-std")];
  for (const d of [0, 1]) {
    // Four standard errors of 2,000 points: 4/√2000 of a mean, 4/√4000 of a deviation.
    expect(Math.abs(mean[d]!)).toBeLessThan(0.0895);
    expect(Math.abs(std[d]! - 1)).toBeLessThan(0.0633);
  }
  await page.locator('body[data-course="ready"]').waitFor({ timeout: 60_000 });
  await expectBaseInPixels(page);
  // The figures of the explanation follow: at the time of the noise all points are where it is, on the right.
  await page.locator("#figure-field").scrollIntoViewIfNeeded();
  const moving = page.locator("#figure-field .fig-moving");
  await expect(moving).toHaveCount(44);
  const across = await moving.evaluateAll((dots) => dots.map((dot) => Number(dot.getAttribute("cx"))));
  expect(Math.min(...across)).toBeGreaterThan(240);
  await expect(page.locator("#figure-area")).toContainText("your ring: area");
  await expect(page.locator("#figure-curve")).toContainText("your run: steps");
  const settled = () => settledBytes(page, 700);
  const without = await settled();
  const streamlines = page.getByRole("checkbox", { name: "Streamlines" });
  await streamlines.check();
  const withLines = await settled();
  expect(withLines).toBeGreaterThan(without * 1.05);
  await streamlines.uncheck();
  expect(await settled()).toBeLessThan(withLines / 1.05);
  const times = async (name: string) => Number((await page.getByTestId(name).textContent())!.slice(2));
  const [measured, predicted] = [await times("ring-measured"), await times("ring-predicted")];
  // The centre speaks for the whole ring up to second order in its radius, 0.3.
  expect(Math.abs(measured / predicted - 1)).toBeLessThan(0.1);
  expect(Math.abs(measured - 1)).toBeGreaterThan(0.05);

  await page.getByTestId("drop-kind").selectOption("particle");
  await expect(page.getByTestId("drop-radius")).toBeDisabled();
  await page.getByTestId("point-drop").click();
  await expect(page.getByTestId("ring-measured")).toHaveText("–");
  await expect(page.getByTestId("ring-predicted")).toContainText("×");
  await page.getByTestId("point-away").click();
  await expect(page.getByTestId("ring-predicted")).toHaveText("–");
  await expect(page.getByTestId("picture-text")).toContainText(/: held-out NLL \d\.\d\d nats, highest log p/);

  await page.locator("h1").click();
  await page.keyboard.press("ArrowRight");
  expect(Number(await time.inputValue())).toBeCloseTo(1 / 32, 6);
  await page.getByTestId("time-play").click();
  await expect.poll(async () => Number(await time.inputValue())).toBeGreaterThan(0.1);
  await page.getByTestId("time-play").click();
  const stopped = await time.inputValue();
  await page.evaluate(() => new Promise(requestAnimationFrame));
  expect(await time.inputValue()).toBe(stopped);

  // Slow motion, by keyboard: each part stands still at its end where less motion is asked for.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.locator("h1").click();
  await page.keyboard.press("m");
  const dialog = page.getByTestId("slow");
  const here = dialog.locator("[aria-current=step]");
  await expect(here).toHaveText("1. Draw a batch");
  await expect(dialog).toContainText("128 of the 50,000 points");
  await page.keyboard.press("ArrowRight");
  await expect(here).toHaveText("2. Carry it to the noise");
  await expect(dialog.locator("[data-here]")).toContainText("t1.00Field evaluations32");
  await dialog.getByRole("button", { name: "Next", exact: true }).click();
  await page.keyboard.press("ArrowRight");
  const gradient = (await dialog.locator("[data-here] dd").first().textContent())!;
  await page.keyboard.press("ArrowRight");
  await expect(here).toHaveText("5. Update the weights");
  // Found step by step on the way back, and by the trainer in one go; both have three decimals.
  const [norm, , , nll] = await dialog.locator("[data-here] dd").allTextContents();
  expect(Math.abs(Number(norm) - Number(gradient))).toBeLessThan(0.0021);
  expect(nll).toMatch(/^\d\.\d+ → \d\.\d+ nats$/);
  await expect(dialog.getByLabel("Change", { exact: true })).toBeChecked();
  await dialog.getByLabel("Place in the step").fill("1.5");
  await dialog.getByRole("button", { name: "Play" }).click();
  await expect(here).toHaveText("3. Read off log p");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  expect(await numberIn(page, "step")).toBe(153);

  // The same seed, the same run: to every digit that is shown.
  const learned = await page.getByTestId("held-out").textContent();
  await page.getByTestId("reset").click();
  await expect(page.getByTestId("held-out")).toHaveText("–");
  await reach(page, "ready");
  await page.getByTestId("go").click();
  await reach(page, "finished", 120_000);
  await expect(page.getByTestId("held-out")).toHaveText(learned!);
  faults.expectNone();
});
