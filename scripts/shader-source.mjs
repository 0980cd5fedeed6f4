/**
 * Reads one shader with its directives resolved. Three directives, each a comment on a line of its own, so that
 * editors still see plain WGSL:
 *
 *   // @include "common/x.wgsl"    replaced by that file (path under shaders/), once however often it is named
 *   // @const NAME: u32 = 0        a constant chosen when the kernel is compiled; its line leaves the code, and
 *                                  whoever compiles puts `const NAME: u32 = …;` in front of it
 *   // @enable subgroups           a language extension; whoever compiles puts `enable subgroups;` before all else
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const includePattern = /^\s*\/\/\s*@include\s+"([^"]+)"\s*$/;
const constPattern = /^\s*\/\/\s*@const\s+(\w+)\s*:\s*(u32|i32|f32)\s*=\s*(\S+)\s*$/;
const enablePattern = /^\s*\/\/\s*@enable\s+(\w+)\s*$/;
const looksLikeDirective = /^\s*\/\/\s*@(include|const|enable)\b/;

/**
 * Resolves `shaders/<path>`. Returns
 *   text       the resolved text, comments and all (what `hash` is taken over)
 *   code       the same lines without comments
 *   constants  { NAME: { type, default } } in order of appearance
 *   enables    names of language extensions, sorted
 *   sources    [[first line in code, "shaders/…", line in that file], …], lines from 1
 *   hash       SHA-256 of text and of the constants, hexadecimal
 */
export function resolveShader(shaderFolder, path) {
  const lines = [];
  const sources = [];
  const constants = {};
  const enables = new Set();
  const seen = new Set();

  const append = (file, from) => {
    if (seen.has(file)) return;
    seen.add(file);
    const where = (line) => `shaders/${file}:${line}`;
    let content;
    try {
      content = readFileSync(join(shaderFolder, file), "utf8");
    } catch {
      throw new Error(`${from} includes ${JSON.stringify(file)}, which is not in the shaders folder.`);
    }
    const fileLines = content.replaceAll("\r\n", "\n").replace(/\n$/, "").split("\n");
    let mustMark = true;
    for (const [index, line] of fileLines.entries()) {
      const include = includePattern.exec(line);
      if (include) {
        append(include[1], where(index + 1));
        mustMark = true;
        continue;
      }
      const constant = constPattern.exec(line);
      const enable = enablePattern.exec(line);
      if (enable) enables.add(enable[1]);
      else if (constant) declare(constants, constant, where(index + 1));
      else if (looksLikeDirective.test(line)) {
        throw new Error(`${where(index + 1)}: cannot read the directive ${JSON.stringify(line.trim())}.`);
      }
      if (mustMark) sources.push([lines.length + 1, `shaders/${file}`, index + 1]);
      mustMark = false;
      lines.push(line);
    }
  };

  append(path, "The generator");
  const text = `${lines.join("\n")}\n`;
  const hash = createHash("sha256").update(text).digest("hex");
  return { text, code: stripComments(text), constants, enables: [...enables].sort(), sources, hash };
}

/** Adds one `@const` match to `constants`; the same name may come twice only with the same type and default. */
function declare(constants, [, name, type, value], where) {
  const parsed = Number(value.replace(/[uif]$/, ""));
  const fits = type === "f32" ? Number.isFinite(parsed) : Number.isInteger(parsed);
  if (!fits) throw new Error(`${where}: ${value} is no ${type}.`);
  const earlier = constants[name];
  if (earlier && (earlier.type !== type || earlier.default !== parsed)) {
    throw new Error(`${where}: the constant ${name} is declared twice, differently.`);
  }
  constants[name] = { type, default: parsed };
}

/** Removes line comments and (nested) block comments, keeping every line break. WGSL has no string literals. */
export function stripComments(text) {
  let out = "";
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const pair = text.slice(i, i + 2);
    if (pair === "/*") {
      depth++;
      i++;
    } else if (depth > 0 && pair === "*/") {
      depth--;
      i++;
      // A comment separates tokens, so it leaves a space behind.
      if (depth === 0) out += " ";
    } else if (depth === 0 && pair === "//") {
      while (i + 1 < text.length && text[i + 1] !== "\n") i++;
    } else if (depth === 0 || text[i] === "\n") {
      out += text[i];
    }
  }
  return out.replace(/[ \t]+$/gm, "");
}

/** One line of WGSL for each constant, with its default. */
export function constantLines(constants) {
  return Object.entries(constants).map(
    ([name, { type, default: value }]) => `const ${name}: ${type} = ${type}(${value});`,
  );
}

/** The file and line that line `line` (from 1) of a resolved text came from. */
export function sourceOf(sources, line) {
  let found = sources[0];
  for (const source of sources) if (source[0] <= line) found = source;
  return `${found[1]}:${found[2] + line - found[0]}`;
}
