/**
 * npm run screenshots [-- --fast] [NAMES]: pictures of every page of the built demo site, in light and dark, 1280 and 360
 * CSS pixels wide, into screenshots/ (not in version control). The density page is trained for a while first;
 * with --fast for a few steps only. NAMES of pages: only these.
 * With --readme the tops of three of them go to docs/pages/ as well, which the README shows.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { build, preview } from "vite";
import { findBrowser } from "./browser.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = `${root}screenshots/`;
const fast = process.argv.includes("--fast");
const forReadme = process.argv.includes("--readme") ? ["density-course", "compare", "trajectories"] : [];

interface Shot {
  readonly name: string;
  readonly path: string;
  /** Brings the page into the state to be shown. */
  readonly prepare?: (page: Page) => Promise<void>;
  /** In a browser that has no WebGPU. */
  readonly withoutWebGpu?: boolean;
}

const state = (page: Page, wanted: string) =>
  page.locator(`body[data-state="${wanted}"]`).waitFor({ timeout: 900_000 });

const steps = fast ? 20 : 400;
const SHOTS: readonly Shot[] = [
  { name: "index", path: "" },
  {
    name: "density",
    path: `density/?set=moons&seed=1&start=1&steps=${steps}`,
    prepare: async (page) => {
      await state(page, "finished");
      // Time for the refined picture.
      await page.waitForTimeout(fast ? 6_000 : 15_000);
    },
  },
  {
    name: "density-course",
    path: "density/?preset=tiny&seed=1&start=1&warm=300&steps=1",
    prepare: async (page) => {
      await state(page, "finished");
      await page.locator('body[data-course="ready"]').waitFor({ timeout: 900_000 });
      await page.getByTestId("point-x").fill("0");
      await page.getByTestId("point-y").fill("0.6");
      await page.getByTestId("point-drop").click();
      const measured = page.getByTestId("ring-measured");
      await measured.filter({ hasText: "×" }).waitFor();
      await page.getByTestId("time").fill("0.7");
      // Time for the worker's picture of that moment.
      await page.waitForTimeout(3_000);
    },
  },
  {
    name: "density-cpu",
    path: `density/?seed=1&start=1&warm=${fast ? 100 : 500}&steps=${steps}`,
    withoutWebGpu: true,
    prepare: async (page) => {
      await state(page, "finished");
      await page.locator('body[data-course="ready"]').waitFor({ timeout: 900_000 });
      await page.getByTestId("point-drop").click();
      await page.getByTestId("time").fill("0.8");
      await page.waitForTimeout(3_000);
    },
  },
  {
    name: "density-ready",
    path: "density/?set=pinwheel",
    prepare: async (page) => {
      await state(page, "ready");
      await page.locator("details.settings > summary").click();
      await page.waitForTimeout(3_000);
    },
  },
  {
    name: "density-slow",
    path: "density/?preset=tiny&seed=1&start=1&warm=300&steps=40",
    prepare: async (page) => {
      await state(page, "finished");
      await page.getByTestId("slow-open").click();
      await page.getByTestId("slow").getByLabel("Place in the step").fill("3.4", { timeout: 120_000 });
    },
  },
  {
    name: "density-share",
    path: "density/?set=smiley&text=Find%20the%20smallest%20network%20that%20still%20smiles.",
    prepare: async (page) => {
      await state(page, "ready");
      await page.locator("#results > summary").click();
      await page.locator(".class > summary").click();
      await page.getByRole("button", { name: "Copy as Python" }).click();
      await page.waitForTimeout(2_000);
    },
  },
  {
    name: "image",
    path: `image/?start=1&warm=${fast ? 100 : 1500}&steps=${fast ? 1 : 20}`,
    prepare: async (page) => {
      await state(page, "finished");
      await page.locator('body[data-course="ready"]').waitFor({ timeout: 900_000 });
      // Time for the refined picture.
      await page.waitForTimeout(fast ? 2_000 : 15_000);
    },
  },
  {
    name: "image-course",
    path: "image/?picture=cat&warm=600&steps=1&start=1",
    prepare: async (page) => {
      await state(page, "finished");
      await page.locator('body[data-course="ready"]').waitFor({ timeout: 900_000 });
      await page.locator("details.settings > summary").click();
      await page.getByTestId("drawn").check();
      await page.getByTestId("time").fill("0.6");
    },
  },
  {
    name: "sampling",
    path: "sampling/?play=0",
    prepare: async (page) => {
      await state(page, "ready");
      await page.locator('body[data-meter="ready"]').waitFor({ timeout: 60_000 });
      await page.getByTestId("time").fill("0.75");
      // Time for the worker's picture of that moment.
      await page.waitForTimeout(2_000);
    },
  },
  {
    name: "sampling-cold",
    path: "sampling/?count=20000&temperature=0.7&play=0",
    prepare: async (page) => {
      await state(page, "ready");
      await page.locator('body[data-meter="ready"]').waitFor({ timeout: 60_000 });
      await page.getByTestId("time").fill("1");
      await page.waitForTimeout(3_000);
    },
  },
  {
    name: "trajectories",
    path: "trajectories/?play=0",
    prepare: async (page) => {
      await state(page, "finished");
      await page.getByTestId("time").fill("0.75");
    },
  },
  {
    name: "compare",
    path: `compare/#v=1&d=moons&h=32-32&s=rk4&k=8&r=0.01&b=128&w=500&x=1&m=${fast ? 60 : 700}&Bw=0`,
    prepare: async (page) => {
      await page.getByTestId("go").click({ timeout: 60_000 });
      await state(page, "finished");
      await page.locator('body[data-course="ready"]').waitFor({ timeout: 900_000 });
      await page.waitForTimeout(fast ? 3_000 : 15_000);
      await page.getByText("Settings of A").click();
      await page.getByText("Settings of B").click();
    },
  },
  { name: "solvers", path: "solvers/", prepare: (page) => state(page, "finished") },
  { name: "trace", path: "trace/?play=0", prepare: (page) => state(page, "finished") },
  {
    name: "trace-random",
    path: "trace/?dim=8&field=residual&probes=4&play=0",
    prepare: async (page) => {
      await state(page, "finished");
      await page.getByTestId("n").fill("0.5");
    },
  },
  {
    name: "engine",
    path: `engine/?brief=${fast ? 1 : 0}`,
    prepare: async (page) => {
      await state(page, "ready");
      await page.getByTestId("measure").click();
      await state(page, "ready");
      await page.getByTestId("bench-run").click();
      await state(page, "ready");
    },
  },
];

const named = SHOTS.filter(({ name }) => process.argv.includes(name));

async function take(browser: Browser, base: string, shots: readonly Shot[]): Promise<void> {
  for (const shot of shots) {
    const page = await browser.newPage({ deviceScaleFactor: 1 });
    page.on("console", (message) => {
      if (message.type() === "error") console.error(`${shot.name}: ${message.text()}`);
    });
    await page.goto(base + shot.path);
    await shot.prepare?.(page);
    // One prepared page serves all four pictures: training again for each would take minutes.
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
        await page.waitForTimeout(400);
        await page.screenshot({ path: `${out}${shot.name}-${colorScheme}-${width}.png`, fullPage: true });
        if (forReadme.includes(shot.name) && colorScheme === "light" && width === 1280) {
          const path = `${root}docs/pages/${shot.name}.jpg`;
          await page.screenshot({ path, type: "jpeg", quality: 80 });
        }
      }
    }
    console.log(shot.name);
    await page.close();
  }
}

mkdirSync(out, { recursive: true });
const config = { configFile: `${root}vite.config.ts`, logLevel: "warn" as const };
await build(config);
const server = await preview({ ...config, preview: { host: "127.0.0.1", port: 0 } });
const { executablePath, args, env } = await findBrowser();
const without = [...(args ?? []).filter((arg) => !arg.includes("webgpu")), "--disable-blink-features=WebGPU"];
const wanted = named.length > 0 ? named : SHOTS;
try {
  for (const withoutWebGpu of [false, true]) {
    const shots = wanted.filter((shot) => (shot.withoutWebGpu ?? false) === withoutWebGpu);
    if (shots.length === 0) continue;
    const browser = await chromium.launch({ executablePath, args: withoutWebGpu ? without : args, env });
    try {
      await take(browser, server.resolvedUrls!.local[0]!, shots);
    } finally {
      await browser.close();
    }
  }
} finally {
  await server.close();
}
process.exit(0);
