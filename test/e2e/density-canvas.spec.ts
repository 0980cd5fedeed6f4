import { expect, type Page, test } from "@playwright/test";
import { Faults, reach } from "./support/faults.js";
import { settledBytes } from "./support/picture.js";

/** Mean colour of a part of the plate as it is on the screen, in CSS pixels of its square. */
async function colorAt(page: Page, x: number, y: number): Promise<number[]> {
  const shot = await page.getByTestId("plate").screenshot();
  return page.evaluate(
    async ({ bytes, x, y }) => {
      const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d")!;
      context.drawImage(bitmap, 0, 0);
      return [...context.getImageData(x, y, 1, 1).data];
    },
    { bytes: [...shot], x, y },
  );
}

test("the worker draws on its own canvas below the plate, the same as it sends as pixels", async ({
  playwright,
  baseURL,
  launchOptions,
}) => {
  // With this headless Chromium shows what an emulated GPU draws on a canvas; without, it loses the device.
  const args = [
    ...(launchOptions.args ?? []),
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--enable-features=Vulkan",
    "--use-vulkan=swiftshader",
    "--disable-vulkan-surface",
  ];
  const browser = await playwright.chromium.launch({ ...launchOptions, args });
  try {
    const page = await browser.newPage({ baseURL });
    const faults = new Faults(page);
    const open = async (canvas: string) => {
      await page.goto(`density/?preset=tiny&seed=1&warm=0&canvas=${canvas}`);
      await reach(page, "ready");
      await expect(page.locator("body")).toHaveAttribute("data-picture", canvas);
      await expect(page.getByTestId("time")).toBeEnabled();
    };
    await open("direct");
    await expect(page.locator(".plate-below")).toHaveCount(1);
    const places = [
      [60, 40],
      [250, 250],
      [300, 200],
    ] as const;
    const direct = [];
    for (const [x, y] of places) direct.push(await colorAt(page, x, y));
    // The corner's noise is thinner than the middle's: something is drawn.
    expect(direct[0]).not.toEqual(direct[1]);
    await open("readback");
    for (const [i, [x, y]] of places.entries()) expect(await colorAt(page, x, y)).toEqual(direct[i]);
    faults.expectNone();
  } finally {
    await browser.close();
  }
});

test("trails grow with time, and more samples come in parts", async ({ page }) => {
  const faults = new Faults(page);
  await page.goto("density/?preset=tiny&hidden=16-16&solverSteps=4&seed=1&warm=0");
  await reach(page, "ready");
  const tick = (name: string) => page.getByRole("checkbox", { name, exact: true });
  // Alone on the plate, so that its bytes are those of trails or samples.
  for (const name of ["Density", "Data"]) await tick(name).uncheck();
  const time = page.getByTestId("time");
  await expect(time).toBeEnabled();
  await tick("Trails").check();
  await time.fill("1");
  const settled = () => settledBytes(page, 500);
  await time.fill("0.25");
  // Travelling has switched these on.
  for (const name of ["Samples", "Arrows", "Grid"]) await tick(name).uncheck();
  const early = await settled();
  await time.fill("1");
  const late = await settled();
  expect(late).toBeGreaterThan(1.1 * early);
  // Turned, they begin at the data, where time stands.
  await page.getByLabel("Direction").selectOption("noise");
  expect(await settled()).toBeLessThan(early);
  await tick("Trails").uncheck();
  const nothing = await settled();

  await page.getByTestId("crowd").selectOption("10000");
  await expect(tick("Samples")).toBeChecked();
  const progress = page.getByTestId("crowd-progress");
  await expect(progress).toContainText("of 10,000 samples drawn so far");
  await expect(progress).toBeEmpty({ timeout: 60_000 });
  expect(await settled()).toBeGreaterThan(nothing);
  await time.fill("0.5");
  const many = await settled();
  await page.getByTestId("crowd").selectOption("2000");
  expect(await settled()).toBeLessThan(many);
  faults.expectNone();
});
