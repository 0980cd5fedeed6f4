import { expect, test } from "@playwright/test";
import { Faults, numberIn, reach } from "./support/faults.js";
import { withoutWebGpu } from "./support/without-webgpu.js";

test("a solve in equal steps, its order, and an adaptive one", async ({ page }) => {
  const faults = new Faults(page);
  await page.goto("solvers/?system=spiral&method=rk4&mode=fixed&steps=40&compare=");
  await reach(page, "finished");
  expect(await numberIn(page, "accepted")).toBe(40);
  expect(await numberIn(page, "nfe")).toBe(160);
  // The problem is linear: what is left besides order 4 is the fit over finite steps.
  expect(Math.abs((await numberIn(page, "order-rk4")) - 4)).toBeLessThan(0.3);
  await expect(page.getByTestId("error")).toContainText("10⁻");

  await page.getByLabel("Method", { exact: true }).selectOption("dopri5");
  await page.getByLabel("Steps", { exact: true }).selectOption("adaptive");
  await expect(page.getByLabel("Number of steps")).toBeHidden();
  await reach(page, "finished");
  const coarse = await numberIn(page, "accepted");
  await page.getByLabel("Tolerance").selectOption("0.00001");
  await expect.poll(() => numberIn(page, "accepted")).toBeGreaterThan(coarse);
  expect(page.url()).toContain("tolerance=0.00001");

  await page.getByTestId("plate").click({ position: { x: 200, y: 100 } });
  await expect(page.getByLabel("Start: x")).not.toHaveValue("1.75");
  await expect(page.getByTestId("plate")).toHaveAttribute("aria-label", /Spiral .* by dopri5: \d+ steps/);
  faults.expectNone();
});

test("the learned field is solved on the GPU", async ({ page }) => {
  const faults = new Faults(page);
  await page.goto("solvers/?system=learned&method=rk4&mode=fixed&steps=16&compare=");
  await reach(page, "finished");
  expect(await numberIn(page, "nfe")).toBe(64);
  await expect(page.getByLabel("End time")).toBeHidden();
  // Its error after these steps is 1e-5; that of another field would be of order 1.
  await expect(page.getByTestId("error")).toHaveText(/10⁻[⁴⁵⁶⁷]$/);
  faults.expectNone();
});

test("without WebGPU the CPU computes, in float64", async ({ playwright, launchOptions, baseURL }) => {
  await withoutWebGpu(playwright, launchOptions, async (browser) => {
    const page = await browser.newPage({ baseURL });
    await page.goto("solvers/?system=spiral&method=rk38&compare=dopri8");
    await expect(page.locator("#notice")).toContainText("WebGPU, which is not available here");
    await reach(page, "finished");
    await expect(page.getByTestId("adapter")).toHaveText("CPU, float64");
    // Only float64 shows this order; the linear problem of two dimensions lets the last terms meet.
    expect(Math.abs((await numberIn(page, "order-rk38")) - 4)).toBeLessThan(0.2);
    expect(await numberIn(page, "order-dopri8")).toBeGreaterThan(7.5);
  });
});
