/** Finds the browser that tests and screenshots run in, and how to start it with WebGPU. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { loadSource } from "./load-source.mjs";

const quiet = [
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Returns { executablePath, args, env, version, source } for Playwright's `launch`: the browser that the
 * environment variable FJORD_BROWSER names, else an installed Chrome, Chromium or Edge, else Playwright's own,
 * else the one in the npm package @sparticuz/chromium (Linux on x64 only, unpacked at the first call).
 * Throws an Error when there is none that starts.
 */
export async function findBrowser() {
  const { installedChromiums, packagedChromium } = await loadSource("src/node/chromium.ts");
  const failures = [];
  for (const { path, source } of installedChromiums()) {
    const browser = start(path, source, process.env, failures);
    if (browser) return browser;
  }
  const packaged = await packagedChromium();
  if (packaged) {
    for (const env of environmentsFor(packaged.path)) {
      const browser = start(packaged.path, packaged.source, env, failures);
      if (browser) return browser;
    }
  }
  const tried = failures.length > 0 ? ` Tried: ${failures.join("; ")}.` : "";
  throw new Error(
    `No browser was found.${tried} Install Chrome or Chromium, or run "npx playwright install chromium", ` +
      "or name one in the environment variable FJORD_BROWSER.",
  );
}

/** As it is, and with the libraries and fonts that the package brings for a bare system. */
function environmentsFor(path) {
  const folder = dirname(path);
  const fonts = existsSync("/etc/fonts/fonts.conf") ? {} : { FONTCONFIG_PATH: join(folder, "fonts") };
  const plain = { ...process.env, ...fonts };
  const libraries = [join(folder, "al2023", "lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  return [plain, { ...plain, LD_LIBRARY_PATH: libraries }];
}

/** Asks a browser for its version, which fails when a library is missing. */
function start(executablePath, source, env, failures) {
  let version;
  try {
    // Chrome for Windows opens a window instead of answering.
    version =
      process.platform === "win32" ? "" : execFileSync(executablePath, ["--version"], options(env)).trim();
  } catch (error) {
    const reason = String(error.stderr || error.message).trim();
    failures.push(`${executablePath} (${source}): ${reason.split("\n")[0]}`);
    return undefined;
  }
  return { executablePath, args: launchArguments(), env, version, source };
}

function options(env) {
  return { env, encoding: "utf8", timeout: 30_000, stdio: ["ignore", "pipe", "pipe"] };
}

function launchArguments() {
  const webgpu = ["--enable-unsafe-webgpu"];
  // Headless Linux rarely reaches a GPU, and a mix of devices would make results hard to compare.
  if (process.platform === "linux") webgpu.push("--use-webgpu-adapter=swiftshader", "--no-sandbox");
  return [...webgpu, ...quiet];
}
