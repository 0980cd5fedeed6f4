import { existsSync, readdirSync } from "node:fs";
import { expect, test } from "@playwright/test";

const names = readdirSync("demos").filter((name) => existsSync(`demos/${name}/index.html`));

for (const path of ["", ...names.map((name) => `${name}/`)]) {
  test(`page "/${path}" opens cleanly and stays on its origin`, async ({ page, baseURL }) => {
    const faults: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("request", (request) => {
      const url = request.url();
      if (url.startsWith("http") && !url.startsWith(baseURL!)) faults.push(`request to ${url}`);
    });
    const response = await page.goto(path, { waitUntil: "load" });
    expect(response?.status()).toBe(200);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect(faults).toEqual([]);
  });
}

test("the browser offers a WebGPU adapter", async ({ page }) => {
  await page.goto("");
  const adapter = await page.evaluate(async () => {
    const info = (await navigator.gpu?.requestAdapter())?.info;
    return info && `${info.vendor} ${info.architecture}`.trim();
  });
  expect(adapter).toBeTruthy();
});
