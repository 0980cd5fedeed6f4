/**
 * Writes src/generated/<group>/<name>.ts for every shader that has an entry point, and removes modules whose
 * shader is gone. Files that would not change are left alone, so watchers stay quiet.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describeShader, hasEntryPoint, piecesOf, renderModule, renderShared } from "./shader-module.mjs";
import { resolveShader } from "./shader-source.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
export const shaderFolder = join(root, "shaders");
export const generatedFolder = join(root, "src", "generated");

/** Paths below `folder` that end in `extension`, with forward slashes, sorted; none if there is no folder. */
function filesBelow(folder, extension) {
  let names;
  try {
    names = readdirSync(folder, { recursive: true });
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
  return names
    .map((name) => name.split(sep).join("/"))
    .filter((name) => name.endsWith(extension))
    .sort();
}

/** Paths (below shaders/) of all shaders, included ones too. */
export function listShaders() {
  return filesBelow(shaderFolder, ".wgsl");
}

/** Paths (below src/generated/) of the modules on disk. */
export function listModules() {
  return filesBelow(generatedFolder, ".ts");
}

/**
 * Every module as it should be: [{ shader, path (below src/generated/), hash, text }]. Those of common/ have the
 * pieces that kernels share, and no hash.
 */
export function buildModules() {
  const modules = [];
  const shared = new Map();
  for (const shader of listShaders()) {
    if (shader.startsWith("common/")) continue;
    const resolved = resolveShader(shaderFolder, shader);
    if (!hasEntryPoint(resolved.code)) continue;
    const name = shader.replace(/\.wgsl$/, "");
    const text = renderModule(describeShader(name, resolved));
    modules.push({ shader, path: `${name}.ts`, hash: resolved.hash, text });
    for (const piece of piecesOf(resolved.code.replace(/\n$/, ""), resolved.sources)) {
      if (!piece.file.startsWith("common/")) continue;
      if (!shared.has(piece.file)) shared.set(piece.file, new Map());
      shared.get(piece.file).set(piece.line, piece);
    }
  }
  for (const [shader, pieces] of shared) {
    const inOrder = [...pieces.values()].sort((a, b) => a.line - b.line);
    modules.push({ shader, path: shader.replace(/\.wgsl$/, ".ts"), text: renderShared(inOrder) });
  }
  return modules;
}

/** Brings src/generated up to date; returns how many modules there are, were written and were removed. */
export function generate() {
  const modules = buildModules();
  const wanted = new Set(modules.map(({ path }) => path));
  const stale = listModules().filter((path) => !wanted.has(path));
  for (const path of stale) rmSync(join(generatedFolder, path));
  let written = 0;
  for (const { path, text } of modules) {
    const file = join(generatedFolder, path);
    if (readIfThere(file) === text) continue;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    written++;
  }
  return { count: modules.length, written, removed: stale.length };
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    const { count, written, removed } = generate();
    console.log(`generate: ${count} kernel modules, ${written} written, ${removed} removed`);
  } catch (error) {
    console.error(`generate: ${error.message}`);
    process.exitCode = 1;
  }
}
