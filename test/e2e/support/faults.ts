/** Everything that a page must not do: errors on the console, uncaught exceptions, requests to elsewhere. */
import { expect, type Page } from "@playwright/test";

export class Faults {
  readonly #found: string[] = [];

  /** To be made before the page is opened. Errors of workers arrive on the console of their page. */
  constructor(page: Page) {
    page.on("console", (message) => {
      if (message.type() === "error") this.#found.push(message.text());
    });
    page.on("pageerror", (error) => this.#found.push(String(error)));
  }

  /** Another thing that must not be. */
  add(fault: string): void {
    this.#found.push(fault);
  }

  expectNone(): void {
    expect(this.#found).toEqual([]);
  }
}

/** The number that an element shows. */
export async function numberIn(page: Page, testId: string): Promise<number> {
  const text = await page.getByTestId(testId).textContent();
  return Number(text!.replace("−", "-").replace(",", ""));
}

/** Waits until the page says that it is in this state. */
export async function reach(page: Page, state: string, timeout = 60_000): Promise<void> {
  await expect(page.locator("body")).toHaveAttribute("data-state", state, { timeout });
}
