/** The picture of the density page, as the page shows it. */
import { expect, type Page } from "@playwright/test";

/**
 * Bytes of the picture, once it stands still: most of it comes from the worker, a while after what it depends on.
 * @param every milliseconds between two looks
 */
export async function settledBytes(page: Page, every: number): Promise<number> {
  let last = 0;
  const isStill = async () => {
    const plate = page.getByTestId("plate");
    const now = await plate.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL().length);
    const same = now === last;
    last = now;
    return same;
  };
  await expect.poll(isStill, { intervals: [every] }).toBe(true);
  return last;
}
