/**
 * Where a Chromium might be on this machine. Two things are wanted from it: the browser itself, for tests, and
 * SwiftShader, the Vulkan driver in software that comes with it, for WebGPU in Node where there is no GPU.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { ArgumentError } from "../gpu/errors.js";

/** An existing browser executable and how it was found. */
export interface ChromiumFile {
  readonly path: string;
  readonly source: string;
}

/** Usual places of Chrome, Chromium and Edge, best first. */
function usualPaths(): string[] {
  const { env, platform } = process;
  if (platform === "darwin") {
    return ["Google Chrome", "Chromium", "Microsoft Edge"].flatMap((name) =>
      ["", env.HOME ?? ""].map((home) => `${home}/Applications/${name}.app/Contents/MacOS/${name}`),
    );
  }
  if (platform === "win32") {
    const roots = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA];
    return ["Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe"]
      .concat("Microsoft/Edge/Application/msedge.exe")
      .flatMap((tail) => roots.flatMap((root) => (root ? [join(root, tail)] : [])));
  }
  const names = ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser"];
  const folders = (env.PATH ?? "").split(":").filter((folder) => folder !== "");
  return [
    "/opt/google/chrome/chrome",
    "/usr/lib/chromium/chromium",
    "/usr/lib64/chromium-browser/chromium-browser",
    "/snap/chromium/current/usr/lib/chromium-browser/chrome",
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
  ];
}

/**
 * Browsers that are already unpacked, best first: the one that FJORD_BROWSER names, then an installed one, then
 * Playwright's own.
 * @throws ArgumentError when FJORD_BROWSER names no file
 */
export function installedChromiums(): ChromiumFile[] {
  const asked = process.env.FJORD_BROWSER;
  if (asked) {
    if (!existsSync(asked)) {
      throw new ArgumentError(`FJORD_BROWSER is ${JSON.stringify(asked)}, which does not exist.`);
    }
    return [{ path: asked, source: "FJORD_BROWSER" }];
  }
  const found = usualPaths().filter((path) => existsSync(path));
  const files = [...new Set(found.map((path) => realpathSync(path)))].map((path) => ({
    path,
    source: "installed",
  }));
  const playwright = playwrightChromium();
  return playwright ? [...files, { path: playwright, source: "Playwright" }] : files;
}

function playwrightChromium(): string | undefined {
  try {
    const { chromium } = createRequire(import.meta.url)("playwright-core") as {
      chromium: { executablePath(): string };
    };
    const path = chromium.executablePath();
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined; // Playwright is not installed, or has no browser for this system.
  }
}

/**
 * The browser inside the npm package @sparticuz/chromium (Linux on x64), unpacked to the temporary folder at
 * the first call, which takes some seconds; undefined where the package is not installed or does not apply.
 * Beside it lie SwiftShader, libvulkan.so.1 and, in `al2023/lib`, libraries that a bare system may lack.
 */
export async function packagedChromium(): Promise<ChromiumFile | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  let main: string;
  try {
    main = createRequire(import.meta.url).resolve("@sparticuz/chromium");
  } catch {
    return undefined;
  }
  const manifest = readFileSync(join(dirname(main), "..", "..", "package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const folder = join(tmpdir(), `fjordgpu-${userInfo().uid}-chromium-${version}`);
  if (!existsSync(folder)) await unpack(main, folder);
  return { path: join(folder, "chromium"), source: `@sparticuz/chromium ${version}` };
}

/**
 * Unpacks into a folder of our own and moves it in place when it is whole: the package itself writes straight
 * to the temporary folder, where a second process would run a half-written file. A process of its own, because
 * the package takes its settings from the environment: TMPDIR says where to, AWS_EXECUTION_ENV that the
 * libraries of a bare system are wanted too.
 */
async function unpack(packageMain: string, folder: string): Promise<void> {
  const staging = `${folder}.${process.pid}`;
  mkdirSync(staging, { recursive: true, mode: 0o700 });
  const script = "const m = require(process.argv[1]); (m.default ?? m).executablePath();";
  const env = { ...process.env, TMPDIR: staging, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" };
  try {
    await promisify(execFile)(process.execPath, ["-e", script, packageMain], { env });
    renameSync(staging, folder);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    // Another process may have been first, which is just as good.
    if (!existsSync(folder)) throw error;
  }
}

/** The description of SwiftShader's Vulkan driver (an ICD file) beside a browser, if there is one. */
export function swiftShaderBeside(browser: string): string | undefined {
  const file = join(dirname(realpathSync(browser)), "vk_swiftshader_icd.json");
  return existsSync(file) ? file : undefined;
}
