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
