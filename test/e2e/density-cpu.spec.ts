/** The density page where there is no WebGPU: the CPU computes, in float64. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, type Page, test } from "@playwright/test";
import { initialParams, mlp } from "../../src/field/mlp.js";
import { logProb } from "../../src/reference/cnf.js";
import { exactTrace } from "../../src/reference/trace.js";
import { Faults, numberIn, reach } from "./support/faults.js";
import { withoutWebGpu } from "./support/without-webgpu.js";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function violations(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's content security policy does not bind.
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string }[] }> };
    };
    const { violations } = await axe.run();
    return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id }) => id);
  });
}

test("without WebGPU the density page trains, pauses, travels and resets on the CPU", async ({
  playwright,
  launchOptions,
  baseURL,
}) => {
  await withoutWebGpu(playwright, launchOptions, async (browser) => {
    const page = await browser.newPage({ baseURL });
    const faults = new Faults(page);
    page.on("dialog", (dialog) => faults.add(`dialog: ${dialog.message()}`));

    // A trained flow, as elsewhere, drawn and calmly explained.
    await page.goto("density/");
    await reach(page, "ready");
    const notice = page.locator("#notice");
    await expect(notice).toContainText("Meanwhile the CPU computes in float64");
    await expect(page.getByTestId("adapter")).toHaveText("CPU, float64");
    await expect(page.getByTestId("picture-text")).toContainText("Density of the trained flow on Two moons");
    await expect(page.getByTestId("slow-open")).toBeDisabled();
    await expect(page.getByText("Slow motion needs WebGPU.")).toBeVisible();
    await expect(page.getByTestId("adapter-note")).toContainText("densities at 17 of its 65 times");
    await expect(page.getByTestId("crowd")).toBeDisabled();
    await expect(page.getByText("More than 2,000 need WebGPU.")).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await notice.getByRole("button", { name: "Go on" }).click();
    await expect(notice).toBeHidden();

    // From scratch, to the end: the bound is the NLL of the best Gaussian, see density.spec.ts.
    await page.goto("density/?seed=1&warm=100&steps=40&start=1&preset=least");
    await expect(page.getByTestId("status")).toContainText("Warm start");
    await page.getByTestId("go").click();
    const asked = Date.now();
    await reach(page, "paused");
    // A tenth of a second by itself; other processes run beside the test.
    expect(Date.now() - asked).toBeLessThan(1500);
    const paused = await numberIn(page, "step");
    await page.waitForTimeout(300);
    expect(await numberIn(page, "step")).toBe(paused);
    await page.getByTestId("go").click();
    await reach(page, "finished");
    expect(await numberIn(page, "step")).toBe(140);
    expect(await numberIn(page, "held-out")).toBeLessThan(3.294);
    await expect(page.getByTestId("nfe")).toHaveText("32 + 32");
    expect(await numberIn(page, "mass")).toBeGreaterThan(0.95);
    await expect(page.locator("body")).toHaveAttribute("data-picture", "readback");

    // The course of the flow: noise at its other end, and a ring of particles on the way.
    await page.getByTestId("point-drop").click();
    await expect(page.getByTestId("ring-measured")).toContainText("×");
    await page.getByTestId("time").fill("0");
    await expect.poll(() => numberIn(page, "moment-distance")).toBeLessThan(0.01);
    const green = await page.getByTestId("plate").evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const context = (canvas as HTMLCanvasElement).getContext("2d")!;
      return context.getImageData(width / 2, height / 2, 1, 1).data[1]!;
    });
    // Noise is densest in the middle, where the map is brightest.
    expect(green).toBeGreaterThan(100);

    // What is saved is the flow.
    await page.locator("#results > summary").click();
    await page.getByLabel("File", { exact: true }).selectOption("weights");
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    expect((await download).suggestedFilename()).toBe("moons-flow.safetensors");

    await page.getByTestId("reset").click();
    await reach(page, "ready");
    expect(await numberIn(page, "step")).toBe(0);
    await expect(page.getByTestId("picture-text")).toContainText("Density of the untrained flow");
    await expect(page.getByTestId("time")).toBeEnabled();
    await page.getByLabel("x", { exact: true }).fill("0.5");
    await page.getByLabel("y", { exact: true }).fill("-1");
    await page.getByTestId("point-inspect").click();
    await expect(page.getByTestId("point-place")).toHaveText("(0.500, −1.000)");
    const { spec } = mlp({ dim: 2, hidden: [16, 16] });
    const flow = { spec, theta: Float64Array.from(initialParams(spec, 1)), t0: 0, t1: 1 };
    const options = { method: "rk4", steps: 32 } as const;
    const truth = logProb({ ...flow, options }, Float64Array.of(0.5, -1), exactTrace(1, 2)).logProb[0]!;
    // Three decimals are shown; 8 steps of rk4 on an untrained field are exact to far more.
    expect(Math.abs((await numberIn(page, "point-density")) - truth)).toBeLessThan(1e-3);
    faults.expectNone();
  });
});
