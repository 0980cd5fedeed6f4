/** A browser as it is where WebGPU is missing. */
import type { Browser, LaunchOptions, PlaywrightWorkerArgs } from "@playwright/test";

type Playwright = PlaywrightWorkerArgs["playwright"];

/** Runs `look` in a second browser without WebGPU, and closes it whatever happens. */
export async function withoutWebGpu(
  playwright: Playwright,
  options: LaunchOptions,
  look: (browser: Browser) => Promise<void>,
): Promise<void> {
  const args = options.args?.filter((arg) => !arg.includes("webgpu")) ?? [];
  const browser = await playwright.chromium.launch({
    ...options,
    args: [...args, "--disable-blink-features=WebGPU"],
  });
  try {
    await look(browser);
  } finally {
    await browser.close();
  }
}
