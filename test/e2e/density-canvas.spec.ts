import { expect, type Page, test } from "@playwright/test";
import { Faults, reach } from "./support/faults.js";

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
