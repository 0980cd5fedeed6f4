import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, type Page, test } from "@playwright/test";
import { withoutWebGpu } from "./support/without-webgpu.js";

const names = readdirSync("demos").filter((name) => existsSync(`demos/${name}/index.html`));
const paths = ["", ...names.map((name) => `${name}/`)];
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResults {
  violations: { id: string; impact: string; nodes: { html: string }[] }[];
}

/** Serious and critical violations in a part of the page, each as "rule: element". */
async function violations(page: Page, part = "html"): Promise<string[]> {
  // Evaluated by the debugger, which the page's content security policy does not bind.
  await page.evaluate(axeSource);
  const found = await page.evaluate(async (part) => {
    const { axe } = globalThis as unknown as { axe: { run(part: string): Promise<AxeResults> } };
    // Below a modal dialog the page is out of reach; looking for what covers what would take minutes with it.
    const main = part === "html" ? undefined : document.querySelector("main")!;
    const place = document.createComment("main");
    main?.replaceWith(place);
    const results = await axe.run(part);
    if (main) place.replaceWith(main);
    return results;
  }, part);
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** On a narrow screen the buttons of training stay in sight and cover nothing, and the settings rise above them. */
async function expectBar(page: Page): Promise<void> {
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await expect(page.getByTestId("go")).toBeInViewport({ ratio: 1 });
  const end = (await page.locator(".prose").boundingBox())!;
  const bar = (await page.locator(".bar").boundingBox())!;
  expect(end.y + end.height).toBeLessThanOrEqual(bar.y);
  const sheet = page.getByTestId("sheet");
  const summary = page.locator("#settings-card > summary");
  await sheet.click();
  await expect(summary).toBeInViewport({ ratio: 1 });
  await expect(summary).toBeFocused();
  const raised = (await page.locator("#settings-card").boundingBox())!;
  // It leaves the upper part of the screen to the picture, and ends where the bar begins.
  expect(raised.y).toBeGreaterThan(0.29 * page.viewportSize()!.height);
  expect(Math.abs(raised.y + raised.height - bar.y)).toBeLessThanOrEqual(1);
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(sheet).toBeFocused();
  await expect(sheet).toHaveAttribute("aria-expanded", "false");
}

/** Colours fade from one scheme to the other, and buttons between their states: judge them at rest. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await new Promise(requestAnimationFrame);
    const fades = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    await Promise.allSettled(fades.map((fade) => fade.finished));
  });
}

for (const path of paths) {
  test(`page "/${path}" fits 360 pixels and is accessible in light and dark`, async ({ page }) => {
    await page.goto(path);
    for (const summary of await page.locator("summary").all()) await summary.click();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await settle(page);
      expect(await violations(page), colorScheme).toEqual([]);
    }
    await page.setViewportSize({ width: 360, height: 640 });
    const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    expect(await page.evaluate(overflow)).toBe(0);
    // Targets of touch: what is pressed is at least 44 pixels high, by itself or with its label.
    const low = await page
      .locator(
        "button:visible, select:visible, input[type=number]:visible, summary:visible, header a:visible",
      )
      .evaluateAll((all) =>
        all.filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.outerHTML),
      );
    expect(low).toEqual([]);
    if (path === "density/") {
      // What the others have in a narrow window, the density page has too.
      expect(await violations(page), "at 360 pixels").toEqual([]);
      await expectBar(page);
    }
  });
}

test("dialogs of the density page fit 360 × 640 pixels and are accessible in light and dark", async ({
  page,
}) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await page.goto("density/?preset=tiny&hidden=16-16&solverSteps=4&seed=1&warm=0");
  await expect(page.locator("body")).toHaveAttribute("data-state", "ready");
  const rows = { name: "points.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n3,5\n4,4\n") };
  const ways: Record<string, () => Promise<void>> = {
    keys: () => page.keyboard.press("?"),
    pad: () => page.keyboard.press("d"),
    table: () => page.getByLabel("Open a file").setInputFiles(rows),
    "slow motion": () => page.keyboard.press("m"),
  };
  const dialog = page.locator("dialog[open]");
  /** A dialog belongs to a flow: a page that has lost its device closes it. */
  const seen = async () => ({
    dialogs: await dialog.count(),
    state: await page.locator("body").getAttribute("data-state"),
    notice: await page.locator("#notice").innerText(),
  });
  for (const [name, open] of Object.entries(ways)) {
    await open();
    await expect.poll(seen, name).toEqual({ dialogs: 1, state: "ready", notice: "" });
    await expect(dialog).toBeVisible();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await settle(page);
      expect(await violations(page, "dialog[open]"), `${name}, ${colorScheme}`).toEqual([]);
    }
    const { x, width } = (await dialog.boundingBox())!;
    expect(x, name).toBeGreaterThanOrEqual(0);
    expect(x + width, name).toBeLessThanOrEqual(360);
    expect(await dialog.evaluate((one) => one.scrollWidth - one.clientWidth), name).toBe(0);
    await page.keyboard.press("Escape");
    await expect(dialog).toHaveCount(0);
  }
});

test("the theme switch is remembered", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("");
  await page.getByRole("button", { name: "Dark theme" }).click();
  await page.goto("density/");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page.getByRole("button", { name: "Light theme" })).toBeVisible();
});

test("without WebGPU the pages say so and stay readable", async ({ playwright, launchOptions, baseURL }) => {
  await withoutWebGpu(playwright, launchOptions, async (browser) => {
    for (const name of ["density", "image", "sampling", "trajectories", "compare", "trace", "engine"]) {
      const page = await browser.newPage({ baseURL });
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.goto(`${name}/`);
      await expect(page.locator("#notice")).toContainText("WebGPU, which is not available here");
      // The typed error says what to do.
      await expect(page.locator("#notice")).toContainText(/Chrome|acceleration/);
      await expect(page.getByRole("heading", { name: "What happens here" })).toBeVisible();
      expect(errors).toEqual([]);
      await page.close();
    }
  });
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test('"/density/" shows its title, its explanation and a picture', async ({ page }) => {
    await page.goto("density/");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByRole("heading", { name: "What happens here" })).toBeVisible();
    await expect(page.getByTestId("plate")).toHaveCSS("background-image", /\.png"/);
  });

  for (const name of ["image", "sampling", "trajectories", "compare", "solvers", "trace", "engine"]) {
    test(`"/${name}/" shows its title, its explanation and a picture`, async ({ page }) => {
      await page.goto(`${name}/`);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expect(page.getByRole("heading", { name: "What happens here" })).toBeVisible();
      await expect(page.locator("noscript img")).toBeVisible();
    });
  }
});
