/** End-to-end tests: the built demo site in a real, headless browser. */
import { createServer } from "node:net";
import { defineConfig } from "@playwright/test";
import { findBrowser } from "./scripts/browser.mjs";

const { executablePath, args, env } = await findBrowser();

/** A port that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 4173));
    });
  });
}

// Kept in the environment, because this file is loaded again in every worker process.
process.env.FJORD_E2E_PORT ??= String(await freePort());
const port = process.env.FJORD_E2E_PORT;
const baseURL = `http://127.0.0.1:${port}/`;
const vite = "node node_modules/vite/bin/vite.js";

export default defineConfig({
  testDir: "test/e2e",
  testMatch: "*.spec.ts",
  outputDir: "test-results/e2e",
  reporter: [["list"], ["json", { outputFile: "test-results/e2e.json" }]],
  // Software adapters share two cores in continuous integration: one page at a time.
  workers: 1,
  timeout: 180_000,
  // A page under test shares its machine. What fails at first is told at the end of `npm test`, with its reason.
  retries: 1,
  expect: { timeout: 30_000 },
  forbidOnly: Boolean(process.env.CI),
  // A site kept for later would be fetched in full by every test; the test of that allows it.
  use: {
    serviceWorkers: "block",
    baseURL,
    browserName: "chromium",
    headless: true,
    launchOptions: { executablePath, args, env },
  },
  webServer: {
    command: `${vite} build --logLevel warn && ${vite} preview --host 127.0.0.1 --port ${port} --strictPort`,
    url: baseURL,
    timeout: 120_000,
    reuseExistingServer: false,
  },
});
