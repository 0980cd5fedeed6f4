import { expect, test } from "@playwright/test";
import { Faults, numberIn, reach } from "./support/faults.js";

test("the self-test passes, speed is measured, and the report can be copied", async ({
  page,
  context,
  baseURL,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(baseURL!).origin });
  const faults = new Faults(page);
  await page.goto("engine/?groups=arithmetic.solves.gradients&brief=1");
  await reach(page, "ready");
  await expect(page.getByTestId("verdict")).toHaveText("All 25 checks passed");
  // A table full of zeros would pass as well: exp is off by half an ULP and more on any device.
  const exp = page.getByTestId("checks-arithmetic").getByRole("row", { name: /^exp / });
  await expect(exp.getByRole("cell").first()).toHaveText(/^[0-2]\.[0-9]{2}$/);
  await expect(exp.getByRole("cell").first()).not.toHaveText("0.00");
  expect(await numberIn(page, "compared")).toBeGreaterThan(50_000);

  await page.getByTestId("measure").click();
  await reach(page, "ready");
  await expect(page.getByTestId("measures").getByRole("row")).toHaveCount(7);

  await page.getByTestId("copy").click();
  await expect(page.getByTestId("status")).toContainText("clipboard");
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report).toContain("self-test  25 of 25 passed");
  expect(report).toContain("maxStorageBufferBindingSize  134217728");
  expect(report).toMatch(/Training \(.*\d ms of/);
  faults.expectNone();
});

test("the benchmark is run, copied as Markdown, and cancelled", async ({ page, context, baseURL }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(baseURL!).origin });
  const faults = new Faults(page);
  await page.goto("engine/?start=0&brief=1");
  await reach(page, "ready");
  // Only what a processor can do in a short time is asked for by itself.
  await expect(page.getByTestId("bench-warning")).toBeVisible();
  const tick = (name: string) => page.getByRole("checkbox", { name });
  await expect(tick("W1 training")).toBeChecked();
  await expect(tick("W4")).not.toBeChecked();
  await tick("W1 training").uncheck();
  await expect(page.getByTestId("bench-copy")).toBeDisabled();

  await page.getByTestId("bench-run").click();
  await expect(page.getByTestId("bench-cancel")).toBeEnabled();
  await reach(page, "ready");
  await expect(page.getByTestId("bench-status")).toContainText("Done in");
  const row = page.getByTestId("bench-rows").getByRole("row", { name: /^W0 / });
  await expect(row.getByRole("cell").first()).toHaveText(/^[\d.,]+–/);
  await expect(row.getByRole("cell").nth(2)).toHaveText(/^[\d.]+$/);
  await expect(page.getByTestId("bench-send")).toContainText("docs/benchmark.md by a pull request");

  // Also with times in it the table fits a phone.
  const wide = page.viewportSize()!;
  await page.setViewportSize({ width: 360, height: 640 });
  const table = (await page.getByTestId("bench-rows").boundingBox())!;
  expect(table.x + table.width).toBeLessThanOrEqual(360 - 24);
  await page.setViewportSize(wide);

  await page.getByTestId("bench-copy").click();
  await expect(page.getByTestId("bench-status")).toContainText("clipboard");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const day = new Date().toISOString().slice(0, 4);
  expect(copied).toMatch(new RegExp(`^Adapter: .+ \\(software\\)\\. \\w*Chrome [\\d.]+ .+\\. ${day}`));
  expect(copied.split("\n").slice(2)).toEqual([
    "|  | what | ms, median [fastest–slowest] | a GPU by the model, ms | GFLOP/s | dispatches | submits |",
    "|---|---|---|---|---|---|---|",
    expect.stringMatching(
      /^\| W0 \| training step, .+ \| [\d.]+ \[[\d.]+–[\d.]+\] \| [\d.]+–[\d.]+ \| [\d.]+ \| 8 \| [\d.]+ \|$/,
    ),
  ]);
  await expect(page.getByTestId("report")).toHaveValue(/\nbenchmark\nAdapter: /);

  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error("closed"));
  });
  await page.getByTestId("bench-copy").click();
  await expect(page.getByTestId("bench-table")).toBeFocused();
  await expect(page.getByTestId("bench-table")).toHaveValue(copied);

  await tick("W1 training").check();
  await page.getByTestId("bench-run").click();
  await page.getByTestId("bench-cancel").click();
  await expect(page.getByTestId("bench-status")).toContainText("Cancelled");
  await reach(page, "ready");
  await expect(page.getByTestId("bench-run")).toBeEnabled();
  await expect(tick("W1 training")).toBeChecked();
  faults.expectNone();
});

test("a device that computes wrongly fails the self-test", async ({ page }) => {
  await page.goto("engine/?start=0&groups=tensors");
  await reach(page, "ready");
  await page.workers()[0]!.evaluate(() => {
    // Every result that is read back has its last bits changed.
    const { getMappedRange } = GPUBuffer.prototype;
    GPUBuffer.prototype.getMappedRange = function (offset?: number, size?: number) {
      const range = getMappedRange.call(this, offset, size);
      new Uint8Array(range).forEach((_, i, bytes) => {
        if (i % 4 === 1) bytes[i]! ^= 0xff;
      });
      return range;
    };
  });
  await page.getByTestId("test").click();
  await expect(page.getByTestId("verdict")).toContainText("checks failed");
  await expect(page.getByTestId("report")).toHaveValue(/FAIL {2}tensors: transpose/);
});
