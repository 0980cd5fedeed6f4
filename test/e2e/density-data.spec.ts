/** The density page with the reader's own data: drawing, files, links, exports, and what the browser keeps. */
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, type Page, type Response, test } from "@playwright/test";
import { decode } from "fast-png";
import { readModel } from "../../src/cnf/model-file.js";
import { readNpy } from "../../src/io/npy.js";
import { checkpointFile } from "../support/ffjord.js";
import { Faults, numberIn, reach } from "./support/faults.js";

const status = (page: Page) => page.getByTestId("results-status");

/** Saves a file by the page's menu and reads it. */
async function saved(page: Page, kind: string): Promise<Uint8Array> {
  await page.getByLabel("File", { exact: true }).selectOption(kind);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save", exact: true }).click(),
  ]);
  return new Uint8Array(readFileSync(await download.path()));
}

async function text(page: Page, kind: string): Promise<string> {
  return new TextDecoder().decode(await saved(page, kind));
}

/** Copies a program or a link by the button of this name; the page's field shows it too. */
async function copied(page: Page, name: string, holds: RegExp): Promise<string> {
  await page.getByRole("button", { name }).click();
  const field = page.getByLabel("What was copied");
  await expect(field).toHaveValue(holds);
  return field.inputValue();
}

/**
 * What the page may fetch of JavaScript before it is at work, bytes after gzip, and what it may fetch ever: every form of every
 * kernel, of which a device takes one, and what is behind buttons. Each grows when a form is built, not by accident.
 */
const MOST_SCRIPT = 120_000;
const MOST_OF_ALL = 310_000;

/** All scripts of the built site that the density page or something that it fetches names. */
function allScripts(): string[] {
  const folder = "build/site/assets";
  const names = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const found = new Set<string>();
  const follow = (text: string) => {
    for (const name of names) {
      if (found.has(name) || !text.includes(name)) continue;
      found.add(name);
      follow(readFileSync(`${folder}/${name}`, "utf8"));
    }
  };
  follow(readFileSync("build/site/density/index.html", "utf8"));
  return [...found].map((name) => `${folder}/${name}`);
}

const gzipped = (content: Buffer) => gzipSync(content, { level: 9 }).length;

test("a drawing is learned, and its link brings it back", async ({ page }) => {
  const faults = new Faults(page);
  const scripts: Response[] = [];
  page.on("response", (response) => {
    if (new URL(response.url()).pathname.endsWith(".js")) scripts.push(response);
  });
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (document.body?.dataset.state !== "ready") return;
      document.body.dataset.readyAt = String(performance.timeOrigin + performance.now());
      observer.disconnect();
    }).observe(document, { subtree: true, childList: true, attributes: true });
  });
  await page.goto("density/?preset=tiny&hidden=16-16&seed=1&warm=200&steps=4&heldOut=0&solverSteps=4");
  await reach(page, "ready");
  const readyAt = await page.evaluate(() => Number(document.body.dataset.readyAt));
  const before = scripts.filter((response) => response.request().timing().startTime < readyAt);
  const bodies = await Promise.all(before.map((response) => response.body()));
  const sizes = bodies.map(gzipped);
  const ever = allScripts().map((path) => gzipped(readFileSync(path)));
  expect(ever.length).toBeGreaterThan(sizes.length);
  expect(ever.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_OF_ALL);
  const sum = sizes.reduce((total, size) => total + size, 0);
  // Two thirds are the worker's: without them it would say nothing.
  expect(sum).toBeGreaterThan(80_000);
  expect(sum).toBeLessThan(MOST_SCRIPT);
  await page.keyboard.press("d");
  const pad = page.getByTestId("pad");
  await expect(pad).toBeFocused();
  const box = (await pad.boundingBox())!;
  /** From coordinates of the picture to the window's pixels. */
  const at = (x: number, y: number) =>
    [box.x + ((x + 4) / 8) * box.width, box.y + ((4 - y) / 8) * box.height] as const;
  const [from, to] = [
    [-2.5, -1.5],
    [2, 2],
  ] as const;
  await page.mouse.move(...at(...from));
  await page.mouse.down();
  await page.mouse.move(...at(...to), { steps: 8 });
  await page.mouse.up();
  const count = async () => Number((await page.getByTestId("pad-count").textContent())!.split(" ")[0]);
  const drawn = await count();
  expect(drawn).toBeGreaterThan(100);
  // The same by keyboard: a stamp at the cursor, which is where the pointer was, taken back.
  await page.keyboard.press("Space");
  expect(await count()).toBeGreaterThan(drawn);
  await page.keyboard.press("Control+z");
  expect(await count()).toBe(drawn);
  await page.keyboard.press("Control+y");
  expect(await count()).toBeGreaterThan(drawn);
  await page.keyboard.press("Control+z");
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByTestId("pad-cursor")).toHaveText("Cursor at 1.9, 2.0");
  await page.getByRole("button", { name: "Use it" }).click();
  await reach(page, "ready");
  await expect(page.getByTestId("status")).toContainText("Your drawing");
  await page.getByTestId("go").click();
  await reach(page, "finished");
  expect(await numberIn(page, "step")).toBe(204);
  // From where it ended, as many steps again; in between it only trains.
  await expect(page.getByTestId("go")).toHaveText("Train on");
  await page.getByTestId("go").click();
  await expect.poll(() => numberIn(page, "step")).toBe(208);
  await reach(page, "finished");
  await page.locator("#results > summary").click();

  const { shape, data } = readNpy(await saved(page, "npy"));
  const size = shape[0]!;
  let [near, all] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    const x = -4 + (((i % size) + 0.5) * 8) / size;
    const y = -4 + ((Math.floor(i / size) + 0.5) * 8) / size;
    const along = ((x - from[0]) * 4.5 + (y - from[1]) * 3.5) / (4.5 ** 2 + 3.5 ** 2);
    const on = Math.min(1, Math.max(0, along));
    const p = Math.exp(data[i]!);
    // The brush has a radius of 0.3; a cell is 0.06 wide or more.
    if (Math.hypot(x - from[0] - 4.5 * on, y - from[1] - 3.5 * on) < 0.7) near += p;
    all += p;
  }
  expect(near / all).toBeGreaterThan(0.8);
  // Comes last of what is done at rest.
  await expect(page.getByTestId("self-test")).toHaveText(/^ok, [0-4]\.\d ULP$/, { timeout: 60_000 });

  const forClass = page.locator(".class");
  await forClass.getByText("For a class").click();
  await forClass.getByLabel("At a point").check();
  await forClass.getByLabel("Steps per picture").check();
  await forClass.getByLabel("Task").fill("Draw a ridge, and more of it.");
  const link = await copied(page, "Copy link", /#v=1&d=own&/);
  expect(link).toContain("?lesson=pace,point&text=Draw+a+ridge,+and");
  await page.goto("about:blank");
  await page.goto(link);
  await expect(page.locator("#set-about")).toContainText(`Your drawing: ${Math.min(drawn, 768)} points`);
  await expect(page.locator("#lesson-text")).toHaveText("Draw a ridge, and more of it.");
  await expect(page.getByTestId("point-x")).toBeHidden();
  await page.locator("#settings-card > summary").click();
  await expect(page.getByLabel("Training steps", { exact: true })).toHaveValue("8");
  await expect(page.getByLabel("Solver steps", { exact: true })).toHaveValue("4");
  await expect(page.getByLabel("Points", { exact: true })).toBeHidden();
  faults.expectNone();
});

test("a file is read, trained on, exported in its units, and the run is kept", async ({ page }) => {
  const faults = new Faults(page);
  await page.goto(
    "density/?preset=tiny&hidden=16-16&solverSteps=4&seed=1&warm=0&steps=4&lesson=numbers,lr&text=Find%20the%20ridge.",
  );
  await expect(page.locator("#lesson-text")).toHaveText("Find the ridge.");
  await expect(page.locator(".numbers-card")).toBeHidden();
  // What a lesson hides is not to be had by key, drop or paste either.
  const ways = page.locator("#own-ways");
  await ways.evaluate((element) => element.classList.add("lesson-hidden"));
  await page.keyboard.press("d");
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "1\t2\n3\t5\n4\t4\n");
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  });
  await page.waitForTimeout(300);
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await ways.evaluate((element) => element.classList.remove("lesson-hidden"));
  const file = (name: string, content: string | Uint8Array) => ({
    name,
    mimeType: "text/plain",
    buffer: Buffer.from(content),
  });
  const words = page.getByTestId("table-words");
  await page.getByLabel("Open a file").setInputFiles(file("bad.csv", "id,a,b\nu,1,2\nv,x,4\nw,5,6\n"));
  await expect(words).toContainText("Row 3 of bad.csv, column “a”, is “x”");
  await expect(page.getByRole("button", { name: "Use it" })).toBeDisabled();
  await page.getByLabel("Leave out rows").check();
  await expect(words).toContainText("2 rows, 1 left out");
  await page.getByRole("button", { name: "Cancel" }).click();

  // Around (1000, 0.02), with spreads of about 58 and 0.006.
  const rows = Array.from({ length: 200 }, (_, i) => [900 + i, 0.02 + 0.008 * Math.sin(i / 20)]);
  const csv = `height,mass\n${rows.map((row) => row.join(",")).join("\n")}\n`;
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "1\t2\n3\t5\n4\t4\n");
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  });
  await expect(words).toContainText("3 rows. x1 (mean 2.667");
  await page.keyboard.press("Escape");
  await page.evaluate((content) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([content], "good.csv"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
  }, csv);
  await expect(words).toContainText("200 rows. height (mean 999.5");
  await page.getByRole("button", { name: "Use it" }).click();
  await reach(page, "ready");
  await page.getByTestId("go").click();
  await reach(page, "finished");
  await page.locator("#results > summary").click();

  const width = await page.getByTestId("plate").evaluate((canvas) => canvas.clientWidth);
  expect(decode(await saved(page, "png")).width).toBe(2 * width);
  expect((await text(page, "svg")).match(/<path /g)).toHaveLength(4);
  const samples = (await text(page, "samples")).trim().split("\n");
  expect(samples[0]).toBe("height,mass");
  const heights = samples.slice(1).map((line) => Number(line.split(",")[0]));
  expect(heights).toHaveLength(5000);
  // Nearly untrained, yet in the units of the file.
  expect(Math.abs(heights.reduce((sum, value) => sum + value, 0) / 5000 - 1000)).toBeLessThan(100);
  const npz = await saved(page, "npz");
  // The first file of the archive: 30 bytes and its name before it, its size at 22.
  const size = new DataView(npz.buffer).getUint32(22, true);
  expect(readNpy(npz.subarray(45, 45 + size)).shape).toHaveLength(2);
  const curves = (await text(page, "curves")).trim().split("\n");
  expect(curves.at(-1)!.split(",")[0]).toBe("4");
  const weights = await saved(page, "weights");
  const { standardisation, field } = readModel(weights);
  expect(field.spec.hidden).toEqual([16, 16]);
  expect(Math.abs(standardisation!.mean[0]! - 999.5)).toBeLessThan(5);
  await copied(page, "Copy as TypeScript", /data\.fromPoints\(points, 2/);
  await copied(page, "Copy as Python", /from torchdiffeq import odeint/);

  const held = await page.getByTestId("held-out").textContent();
  await expect(page.locator("body")).toHaveAttribute("data-kept", "4");
  await page.reload();
  await expect(page.getByTestId("offer")).toContainText("good.csv, 4 training steps");
  await page.getByRole("button", { name: "Restore" }).click();
  await reach(page, "ready");
  await expect(page.getByTestId("status")).toContainText("from step 4");
  expect(await page.getByTestId("held-out").textContent()).toBe(held);
  await expect(page.locator("#set-about")).toContainText("good.csv: 200 points");

  // The weights once more, on other data: they are in units of their own.
  await page.locator("#results > summary").click();
  await page.getByLabel("Open weights").setInputFiles({ ...file("flow.safetensors", weights) });
  await expect(status(page)).toContainText("flow.safetensors is open");
  expect(await numberIn(page, "step")).toBe(0);
  await copied(page, "Copy as Python", /^# The run on the page began from given weights/);
  // The settings as a file, and back with a change and a slip.
  const settings = JSON.parse(await text(page, "settings"));
  expect(settings.settings).toMatchObject({ hidden: "16-16", steps: 4 });
  Object.assign(settings.settings, { steps: 3, lr: "no" });
  await page.getByLabel("Open a file").setInputFiles(file("settings.json", JSON.stringify(settings)));
  await expect(page.locator("#notice")).toContainText("lr=no");
  await expect(page.getByLabel("Training steps", { exact: true })).toHaveValue("3");
  // A checkpoint of FFJORD's own code, by what its tensors and its metadata say.
  await page.locator("label.choice", { hasText: /^Two circles$/ }).click();
  const ffjord = { layer: "squash", nonlinearity: "softplus", residual: false, wrapped: true } as const;
  const checkpoint = Buffer.from(checkpointFile(ffjord));
  await page.getByLabel("Open weights").setInputFiles({ ...file("ffjord.safetensors", checkpoint) });
  await expect(status(page)).toContainText("ffjord.safetensors is open");
  for (const [name, value] of Object.entries({ layer: "squash", activation: "softplus", T: "0.81" })) {
    await expect(page.locator(`#setting-${name}`)).toHaveValue(value);
  }
  await expect(page.locator("#value-solver")).toHaveText("dopri5, tolerance 0.00001");
  await reach(page, "ready");
  // Its random weights move little: the window has most of what it makes of the noise.
  await expect.poll(() => numberIn(page, "mass")).toBeGreaterThan(0.5);
  await page.getByLabel("Open weights").setInputFiles(file("no.safetensors", "nothing"));
  await expect(page.locator("#notice")).toContainText("cannot be used as weights");
  await page.locator("#theme").click();
  expect(await page.evaluate(() => localStorage.length)).toBe(1);
  await page.getByRole("button", { name: "Clear all data" }).click();
  await expect(status(page)).toContainText("gone from this browser");
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
  const databases = await page.evaluate(() => indexedDB.databases());
  expect(databases.map(({ name }) => name)).toEqual(["keyval-store"]);
  const left = await page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const open = indexedDB.open("keyval-store");
        open.onerror = () => reject(open.error);
        open.onsuccess = () => {
          const count = open.result.transaction("keyval").objectStore("keyval").count();
          count.onsuccess = () => resolve(count.result);
        };
      }),
  );
  expect(left).toBe(0);
  faults.expectNone();
});
