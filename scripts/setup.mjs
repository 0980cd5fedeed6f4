/**
 * What every command needs before it starts: the dependencies of package-lock.json and fresh kernel modules.
 * Runs in plain Node on a fresh clone.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Installs what is missing, then brings src/generated up to date. Throws an Error when either fails. */
export async function setUp() {
  if (!isInstalled()) install();
  const { generate } = await import("./generate.mjs");
  const { count, written, removed } = generate();
  if (written + removed > 0)
    console.log(`generate: ${count} kernel modules, ${written} written, ${removed} removed`);
}

/**
 * Whether node_modules holds the versions of package-lock.json. npm's own record in there is compared, not file
 * dates, which change with every checkout.
 */
function isInstalled() {
  const wanted = packagesOf("package-lock.json");
  const present = packagesOf(join("node_modules", ".package-lock.json"));
  if (!wanted || !present) return false;
  // Optional packages are those of other systems, mostly: an absent one is right, a wrong version is not.
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === "") return true;
    return present[path] ? present[path].version === version : optional === true;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  } catch {
    return undefined;
  }
}

function install() {
  console.log("Installing the dependencies (npm ci), once ...");
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  // Inside an npm script npm says where it is; elsewhere Windows knows it only as a shell command.
  const npm = process.env.npm_execpath;
  const options = { cwd: root, stdio: "inherit", shell: !npm && process.platform === "win32" };
  const { status, error } = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync("npm", args, options);
  if (status !== 0) throw new Error(`npm ci failed${error ? `: ${error.message}` : ""}.`);
}
