import { expect, type Page, test } from "@playwright/test";
import { Faults, numberIn, reach } from "./support/faults.js";

/** "1.2 × 10⁻³" as a number. */
function value(text: string): number {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const [mantissa, power = "10⁰"] = text.split(" × ");
  const exponent = [...power.slice(2)].map((sign) => (sign === "⁻" ? "-" : digits.indexOf(sign))).join("");
  return Number(mantissa) * 10 ** Number(exponent);
}

const errorOf = async (page: Page) => value((await page.getByTestId("error-max").textContent())!);

test("particles go to noise and come home, nearer with a finer tolerance", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const faults = new Faults(page);
  await page.goto("trajectories/?drops=row,1,-1.2&tolerance=0.001&method=tsit5");
  await reach(page, "finished");
  const [coarse, evaluations] = [await errorOf(page), await numberIn(page, "out-nfe")];
  expect(coarse).toBeGreaterThan(0);
  // The first step costs two evaluations besides, each attempt six.
  const attempts = (await numberIn(page, "out-accepted")) + (await numberIn(page, "out-rejected"));
  expect(evaluations).toBe(2 + 6 * attempts);
  const rows = await page.getByTestId("error-rows").locator("tr").allInnerTexts();
  const cells = rows.map((row) => row.split("\t"));
  expect(cells.map(([tolerance]) => tolerance)).toEqual(["10⁻³", "10⁻⁴", "10⁻⁵", "10⁻⁶"]);
  expect(value(cells[0]![1]!)).toBe(coarse);
  for (let i = 1; i < 4; i++) {
    expect(value(cells[i]![1]!)).toBeLessThan(value(cells[i - 1]![1]!));
    expect(Number(cells[i]![3])).toBeGreaterThan(Number(cells[i - 1]![3]));
  }
  await expect(page.getByTestId("time-text")).toHaveText("t = 0.00, data");
  await page.getByTestId("time").focus();
  await page.keyboard.press("End");
  await expect(page.getByTestId("time-text")).toHaveText("t = 0.00, data again");
  await page.getByTestId("reverse").click();
  await expect(page.getByTestId("time-text")).toHaveText(/back$/);

  // By keyboard and by pointer, each added to what is there.
  await page.getByTestId("plate").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+ArrowUp");
  await expect(page.getByTestId("cursor")).toHaveText("Cursor at 0.1, 0.5");
  await page.keyboard.press("Space");
  expect(page.url()).toMatch(/drops=row%2C1%2C-1.2%3Bparticle%2C0.1%2C0.5(&|$)/);
  await page.getByLabel("What to drop").selectOption("ring");
  await page.getByTestId("plate").click({ position: { x: 200, y: 150 } });
  await page.getByLabel("Tolerance", { exact: true }).selectOption("0.000001");
  await expect(page.getByTestId("status")).toContainText("26 particles, there and back");
  expect(await errorOf(page)).toBeLessThan(coarse);
  expect(await numberIn(page, "out-nfe")).toBeGreaterThan(evaluations);
  await page.getByTestId("clear").click();
  await expect(page.getByTestId("play")).toBeDisabled();
  faults.expectNone();
});
