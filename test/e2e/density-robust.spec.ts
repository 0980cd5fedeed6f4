/** The density page under rough treatment: many resets, a hidden tab, a picture without size, a busy worker. */
import { writeFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { Faults, numberIn, reach } from "./support/faults.js";

/** What the page collects about itself, from before its first script on. */
interface Watch {
  /** Messages of the worker by type. */
  readonly messages: Record<string, number>;
  /** Tasks of 50 ms and more on the main thread. */
  readonly tasks: { readonly start: number; readonly duration: number }[];
}

async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const watch: Watch = { messages: {}, tasks: [] };
    Object.assign(globalThis, { watch });
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries())
        watch.tasks.push({ start: startTime, duration });
    }).observe({ type: "longtask" });
    globalThis.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        this.addEventListener("message", ({ data }) => {
          watch.messages[data.type] = (watch.messages[data.type] ?? 0) + 1;
        });
      }
    };
  });
}

const watched = (page: Page) => page.evaluate(() => (globalThis as unknown as { watch: Watch }).watch);

/** Counts the bytes of GPU buffers from now on; those that the library keeps a few of, by design, are left out. */
async function countMemory(page: Page): Promise<() => Promise<number>> {
  const worker = page.workers()[0]!;
  await worker.evaluate(() => {
    const memory = { bytes: 0 };
    Object.assign(globalThis, { memory });
    const counted = new WeakSet<GPUBuffer>();
    const { createBuffer } = GPUDevice.prototype;
    const { destroy } = GPUBuffer.prototype;
    GPUDevice.prototype.createBuffer = function (descriptor) {
      const buffer = createBuffer.call(this, descriptor);
      const isKept = descriptor.usage & GPUBufferUsage.MAP_READ || descriptor.usage & GPUBufferUsage.UNIFORM;
      if (!isKept) {
        counted.add(buffer);
        memory.bytes += buffer.size;
      }
      return buffer;
    };
    GPUBuffer.prototype.destroy = function () {
      if (counted.delete(this)) memory.bytes -= this.size;
      return destroy.call(this);
    };
  });
  return () => worker.evaluate(() => (globalThis as unknown as { memory: { bytes: number } }).memory.bytes);
}

/** Presses Reset as soon as it can be pressed, and Start before every tenth time. */
async function resetOften(page: Page, count: number): Promise<void> {
  await page.evaluate(async (count) => {
    const press = (id: string) => document.getElementById(id)!.click();
    const reach = async (state: string) => {
      while (document.body.dataset.state !== state) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    for (let i = 0; i < count; i++) {
      await reach("ready");
      if (i % 10 === 0) press("go");
      press("reset");
    }
    await reach("ready");
  }, count);
}

test("100 resets leak nothing; hidden, the page draws nothing; no task is long", async ({ page }) => {
  const faults = new Faults(page);
  await watch(page);
  await page.goto("density/?preset=tiny&hidden=8&solverSteps=1&seed=1&warm=0");
  await reach(page, "ready");
  const bytes = await countMemory(page);
  /** When all is computed that is computed at rest. */
  const atRest = async () => {
    await page.locator('body[data-course="ready"]').waitFor();
    await expect(page.getByTestId("round-median")).not.toHaveText("–");
    return bytes();
  };
  const anew = async () => {
    await resetOften(page, 1);
    return atRest();
  };
  await resetOften(page, 11);
  // Parts of the picture are as large as is done in time, and so are the solves that are kept: a busy machine shows.
  const before = [await atRest(), await anew(), await anew()];
  // The weights, the data and the picture of one run are more than 100 kB.
  expect(Math.min(...before)).toBeGreaterThan(100_000);
  await resetOften(page, 100);
  const growth = async () => {
    const now = await anew();
    return Math.min(...before.map((bytes) => Math.abs(now - bytes)));
  };
  // A tenth of the smallest buffer there is, for each run; what leaked would never come back.
  await expect.poll(growth, { intervals: [0], timeout: 60_000 }).toBeLessThan(100 * 25);

  await page.getByTestId("go").click();
  const began = await page.evaluate(() => performance.now());
  const step = () => numberIn(page, "step");
  await expect.poll(step).toBeGreaterThan(20);
  const hide = (hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  const drawn = async () => {
    const { frame = 0, picture = 0, samples = 0 } = (await watched(page)).messages;
    return frame + picture + samples;
  };
  await hide(true);
  // What was under way comes to its end.
  await page.waitForTimeout(500);
  const [drawnBefore, stepBefore] = [await drawn(), await step()];
  await page.waitForTimeout(2_000);
  expect(await step()).toBeGreaterThan(stepBefore);
  expect(await drawn()).toBe(drawnBefore);
  await hide(false);
  await expect.poll(drawn).toBeGreaterThan(drawnBefore);

  const show = (display: string) =>
    page.getByTestId("plate").evaluate((plate, display) => {
      plate.style.display = display;
      return new Promise(requestAnimationFrame);
    }, display);
  await show("none");
  await page.waitForTimeout(300);
  await show("");
  const drawnSmall = await drawn();
  await expect.poll(drawn).toBeGreaterThan(drawnSmall);
  await reach(page, "training");
  await page.getByTestId("go").click();
  await reach(page, "paused");

  // Read beside the page: on it this takes more than a second.
  const rows = Array.from({ length: 300_000 }, (_, i) => `${Math.sin(i).toFixed(6)},${Math.cos(1.7 * i)}`);
  const file = test.info().outputPath("large.csv");
  writeFileSync(file, `a,b\n${rows.join("\n")}\n`);
  await page.getByLabel("Open a file").setInputFiles(file);
  await expect(page.getByTestId("table-words")).toContainText("300,000 rows");
  await page.getByRole("button", { name: "Use it" }).click();
  await reach(page, "ready");
  await expect(page.locator("#set-about")).toContainText("large.csv");
  const long = (await watched(page)).tasks.filter(({ start }) => start > began);
  expect(Math.max(0, ...long.map(({ duration }) => duration))).toBeLessThan(200);
  faults.expectNone();
});
