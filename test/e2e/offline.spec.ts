/** The site without a network: once it has been visited, and when parts of a page cannot be fetched. */
import { expect, test } from "@playwright/test";
import { preview } from "vite";
import { Faults, reach } from "./support/faults.js";

test.use({ serviceWorkers: "allow" });

test("after one visit the pages open and compute without a network", async ({ page }) => {
  const faults = new Faults(page);
  // A server of its own, which goes away: a network that only seems to be gone is still there for service workers.
  const server = await preview({ preview: { host: "127.0.0.1", port: 0 }, logLevel: "silent" });
  const site = server.resolvedUrls!.local[0]!;
  const address = `${site}density/?preset=tiny&hidden=16-16&solverSteps=4&seed=1&warm=0`;
  await page.goto(address);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await server.close();
  await page.reload();
  await reach(page, "ready");
  await expect(page.getByTestId("picture-text")).toContainText("Density of");
  await page.keyboard.press("d");
  await expect(page.getByTestId("pad")).toBeFocused();
  await page.keyboard.press("Escape");
  await page.locator("#results > summary").click();
  await page.getByLabel("File", { exact: true }).selectOption("svg");
  const download = page.waitForEvent("download", { timeout: 30_000 });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  expect((await download).suggestedFilename()).toBe("moons-contours.svg");
  // A page that was never opened.
  await page.goto(`${site}solvers/`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  faults.expectNone();

  // Parts that nobody has: without the cache as well.
  await page.goto(address);
  // The parts of the worker are there by then.
  await page.locator('body[data-course="ready"]').waitFor();
  await page.evaluate(async () => {
    for (const name of await caches.keys()) await caches.delete(name);
  });
  await page.keyboard.press("m");
  await expect(page.locator("#notice")).toContainText("A part of this page could not be fetched");
  expect(await page.locator("body").getAttribute("data-state")).toBe("ready");
});
