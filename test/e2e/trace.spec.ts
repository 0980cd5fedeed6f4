import { expect, type Page, test } from "@playwright/test";
import { Faults, numberIn, reach } from "./support/faults.js";

/** Of the numbers that were drawn: a mean misses by no more in 99.99 % of all cases. */
const ERRORS = 4;

async function checkEstimates(page: Page): Promise<{ rademacher: number; gaussian: number }> {
  const exact = await numberIn(page, "exact-trace");
  for (const kind of ["rademacher", "gaussian"]) {
    const off = Math.abs((await numberIn(page, `mean-${kind}`)) - exact);
    // The page shows three digits after the point.
    expect(off, kind).toBeLessThan(ERRORS * (await numberIn(page, `error-${kind}`)) + 1e-3);
    // The fourth moment is at most 15 times the squared variance (χ² with one degree of freedom), so that a variance
    // over 65,536 estimates is within √(14/65,536) = 1.5 %, and this within 4 of it.
    const theory = await numberIn(page, `theory-${kind}`);
    expect(Math.abs((await numberIn(page, `variance-${kind}`)) / theory - 1), kind).toBeLessThan(0.06);
    const solves = await numberIn(page, `log-p-deviation-${kind}`);
    const missed = (await numberIn(page, `log-p-mean-${kind}`)) - (await numberIn(page, "log-p-exact"));
    expect(Math.abs(missed), kind).toBeLessThan((ERRORS * solves) / Math.sqrt(256) + 1e-3);
  }
  return {
    rademacher: await numberIn(page, "variance-rademacher"),
    gaussian: await numberIn(page, "variance-gaussian"),
  };
}

test("estimates are unbiased, spread as theory says, and follow the controls", async ({ page }) => {
  test.setTimeout(180_000);
  await page.emulateMedia({ reducedMotion: "reduce" });
  const faults = new Faults(page);
  await page.goto("trace/");
  await reach(page, "finished", 90_000);
  const moons = await checkEstimates(page);
  expect(moons.rademacher).toBeLessThan(moons.gaussian);
  // Twice the diagonal's squares are what Gaussian probes have more; shown with three digits.
  const diagonal = await numberIn(page, "diagonal");
  const [more, less] = [await numberIn(page, "theory-gaussian"), await numberIn(page, "theory-rademacher")];
  expect(Math.abs(more - less - 2 * diagonal)).toBeLessThan(3e-3);
  for (const kind of ["rademacher", "gaussian"]) {
    // The fewest averages, 256 over 32 probes each, have a deviation within 4.5 %: 0.013 of a slope over log 32.
    expect(Math.abs((await numberIn(page, `slope-${kind}`)) + 0.5)).toBeLessThan(4 * 0.02);
  }
  await expect(page.getByTestId("end-orthogonal")).toHaveText(/× 10⁻⁷ at 2$/);
  // A batch of 32 points has independent probes; its loss scatters less than log p of one.
  expect(await numberIn(page, "loss-deviation-gaussian")).toBeLessThan(
    (await numberIn(page, "log-p-deviation-gaussian")) / 2,
  );

  // Nothing moves by itself; keys and the button move the number of probes.
  const n = page.getByTestId("n-text");
  await expect(n).toHaveText("n = 256");
  await page.getByTestId("n").focus();
  await page.keyboard.press("Home");
  await expect(n).toHaveText("n = 1");
  await expect(page.getByTestId("band-text")).toContainText("Deviation of averages over 1: Rademacher");
  await page.getByTestId("play").click();
  await expect(n).not.toHaveText("n = 1");
  await page.getByTestId("play").click();

  // A place of the picture is where the trace is estimated, by pointer and by keyboard.
  const plate = page.getByTestId("plate");
  const side = Math.floor((await plate.evaluate((canvas) => canvas.clientWidth)) - 40);
  const position = { x: 30 + (5 / 8) * side, y: 8 + (3.5 / 8) * side };
  await plate.click({ position });
  // A pixel of the click is 8 / side wide in the plane.
  const place = async () =>
    (await page.getByTestId("place").textContent())!.replaceAll("−", "-").split(", ").map(Number);
  const expectPlace = (x: number, y: number) =>
    expect.poll(async () => Math.hypot((await place())[0]! - x, (await place())[1]! - y)).toBeLessThan(0.04);
  await expectPlace(1, 0.5);
  const marker = () =>
    plate.evaluate((canvas, { x, y }) => {
      const { width, clientWidth } = canvas as HTMLCanvasElement;
      const ratio = width / clientWidth;
      const context = (canvas as HTMLCanvasElement).getContext("2d")!;
      return [...context.getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1).data];
    }, position);
  await expect.poll(marker).toEqual([255, 164, 92, 255]);
  await plate.focus();
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("ArrowUp");
  await expect(page.getByTestId("cursor")).toHaveText("Cursor at 0.5, 0.6");
  await page.keyboard.press("Space");
  await expectPlace(0.5, 0.6);
  expect(page.url()).toMatch(/&at=0\.\d+_0\.\d+_0\.5$/);

  // Another field: its diagonal is −1 and more, and does not scatter with Rademacher probes.
  await page.getByLabel("Dimension D").selectOption("8");
  await expect(plate).toBeHidden();
  await expect(page.getByLabel("Field", { exact: true })).toHaveValue("random");
  await page.getByLabel("Field", { exact: true }).selectOption("residual");
  await page.getByLabel("Probes", { exact: true }).selectOption("4");
  await page.getByLabel("Time", { exact: true }).fill("0");
  await page.getByTestId("next").click();
  expect(page.url()).toMatch(/dim=8&field=residual&point=1&t=0&probes=4&kinds=rademacher.gaussian$/);
  await reach(page, "finished", 90_000);
  const residual = await checkEstimates(page);
  expect(residual.rademacher).toBeLessThan(residual.gaussian / 10);

  await page.getByRole("checkbox", { name: "Gaussian" }).uncheck();
  await expect(page.getByTestId("moments").locator("tr")).toHaveCount(1);
  await expect(page.getByTestId("path-rows").locator("tr")).toHaveCount(2);
  await expect(page.getByRole("checkbox", { name: "Rademacher" })).toBeDisabled();
  faults.expectNone();
});
