/** Turns one resolved shader into the text of a typed module: entry points, bindings and struct layouts. */
// The bare name resolves to a CommonJS file in an ESM package and throws in Node; this file is the ESM build.
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import { constantLines, sourceOf } from "./shader-source.mjs";

const resourceType = { uniform: 0, storage: 1 };

/** Whether resolved code has an entry point (files without one only serve to be included). */
export function hasEntryPoint(code) {
  return /@(compute|vertex|fragment)\b/.test(code);
}

/** "field/rank_one" → "rankOne". */
export function exportName(name) {
  const base = name.slice(name.lastIndexOf("/") + 1);
  return base.replace(/[-_]+(\w)/g, (_, letter) => letter.toUpperCase());
}

/**
 * Describes the shader `name` ("group/name") given the result of `resolveShader`. The description is plain
 * data in the shape of `KernelModule` (src/gpu/kernel-module.ts). Array sizes and workgroup sizes that depend
 * on a `@const` are described with its default.
 */
export function describeShader(name, { code, constants, enables = [], sources, hash }) {
  const prefix = constantLines(constants);
  const reflection = reflect(name, [...prefix, code].join("\n"), prefix.length, sources);
  if (reflection.overrides.length > 0) {
    // Overrides that size workgroup arrays give wrong results in Safari, so kernels have constants instead.
    throw new Error(
      `shaders/${name}.wgsl declares an override; use // @const ${reflection.overrides[0].name}.`,
    );
  }
  const structs = {};
  const bindingsOf = (entry) => describeBindings(name, entry, structs, code);
  const entryPoints = {};
  for (const entry of reflection.entry.compute) {
    const names = workgroupConstants(entry, constants);
    entryPoints[entry.name] = {
      workgroupSize: entry.workgroupSize,
      ...(names ? { workgroupConstants: names } : {}),
      bindings: bindingsOf(entry),
    };
  }
  const renderEntryPoints = {};
  for (const entry of [...reflection.entry.vertex, ...reflection.entry.fragment]) {
    renderEntryPoints[entry.name] = { stage: entry.stage, bindings: bindingsOf(entry) };
  }
  return { name, hash, code, constants, enables, entryPoints, renderEntryPoints, structs, sources };
}

function reflect(name, text, prefixLines, sources) {
  try {
    return new WgslReflect(text);
  } catch (error) {
    const line = Number(/Line:\s*(\d+)/i.exec(error?.message ?? "")?.[1] ?? error?.token?.line ?? Number.NaN);
    const at = Number.isFinite(line) ? sourceOf(sources, line - prefixLines) : `shaders/${name}.wgsl`;
    throw new Error(`${at}: ${error?.message ?? error}`, { cause: error });
  }
}

/** Which extents of @workgroup_size name a `@const`: ["TILE", null, null], or undefined when none does. */
function workgroupConstants(entry, constants) {
  const value = entry.attributes?.find((attribute) => attribute.name === "workgroup_size")?.value ?? [];
  const given = (Array.isArray(value) ? value : [value]).map(String);
  const names = [0, 1, 2].map((axis) => (given[axis] in constants ? given[axis] : null));
  return names.some((extent) => extent !== null) ? names : undefined;
}

/** { variable: { binding, type, … } } of the bindings that `entry` reaches, by binding number. */
function describeBindings(name, entry, structs, code) {
  const bindings = {};
  for (const variable of [...entry.resources].sort((a, b) => a.binding - b.binding)) {
    const where = `shaders/${name}.wgsl: ${variable.name} in ${entry.name}`;
    if (variable.group !== 0) throw new Error(`${where} is in group ${variable.group}; use group 0 only.`);
    const clash = Object.keys(bindings).find((other) => bindings[other].binding === variable.binding);
    if (clash) throw new Error(`${where} has the same binding as ${clash}.`);
    if (variable.resourceType === resourceType.uniform) {
      if (!variable.type.isStruct) throw new Error(`${where} is a uniform; make it a struct.`);
      const { size } = describeStruct(variable.type, structs);
      bindings[variable.name] = {
        binding: variable.binding,
        type: "uniform",
        struct: variable.type.name,
        size,
      };
    } else if (variable.resourceType === resourceType.storage) {
      const type = variable.access === "read" ? "read-only-storage" : "storage";
      collectStructs(variable.type, structs);
      // A length that is a `@const` is checked by WebGPU at the dispatch instead.
      const minSize = variable.type.isArray && isSized(variable.name, code) ? 0 : minimumSize(variable.type);
      bindings[variable.name] = { binding: variable.binding, type, minSize };
    } else {
      throw new Error(
        `${where} is neither a uniform nor a storage buffer, which is all the generator knows.`,
      );
    }
  }
  return bindings;
}

/** Whether the length of a storage array is named by a constant. */
function isSized(variable, code) {
  return new RegExp(`>\\s*${variable}\\s*:\\s*array<.*,\\s*[A-Z][A-Z0-9_]*\\s*>;`).test(code);
}

function describeStruct(struct, structs) {
  if (!structs[struct.name]) {
    const fields = {};
    structs[struct.name] = { size: struct.size, fields };
    for (const member of struct.members) {
      fields[member.name] = { offset: member.offset, type: typeName(member.type) };
      collectStructs(member.type, structs);
    }
  }
  return structs[struct.name];
}

function collectStructs(type, structs) {
  if (type.isStruct) describeStruct(type, structs);
  else if (type.format) collectStructs(type.format, structs);
}

/** Bytes that a buffer must have at least: a runtime-sized array counts as one element, as WebGPU has it. */
function minimumSize(type) {
  if (type.isArray) return type.stride * Math.max(type.count, 1);
  if (!type.isStruct) return type.size;
  const last = type.members.at(-1);
  if (!last?.type.isArray || last.type.count > 0) return type.size;
  return Math.ceil((last.offset + last.type.stride) / type.align) * type.align;
}

/** The type in its long spelling: "vec4<f32>" also for vec4f, "array<u32>" for a runtime-sized array. */
function typeName(type) {
  if (type.isArray) {
    const element = typeName(type.format);
    return type.count > 0 ? `array<${element}, ${type.count}>` : `array<${element}>`;
  }
  const letters = { f: "f32", h: "f16", i: "i32", u: "u32" };
  const short = /^(vec[234]|mat[234]x[234])([fhiu])$/.exec(type.getTypeName());
  return short ? `${short[1]}<${letters[short[2]]}>` : type.getTypeName();
}

/**
 * The code of a resolved shader in the pieces of its files: { file (below shaders/), line (in that file), text }.
 * A file of common/ is cut at its own includes only, so the same file and line are the same text in every shader.
 */
export function piecesOf(code, sources) {
  const lines = code.split("\n");
  return sources.map(([start, file, line], i) => ({
    file: file.replace(/^shaders\//, ""),
    line,
    text: lines
      .slice(start - 1, i + 1 < sources.length ? sources[i + 1][0] - 1 : undefined)
      .map((one) => `${one}\n`)
      .join(""),
  }));
}

const isShared = ({ file }) => file.startsWith("common/");

/** "common/fused_solve.wgsl", line 14 → "fusedSolve14". */
const pieceName = ({ file, line }) => `${exportName(file.replace(/\.wgsl$/, ""))}${line}`;

const quoted = (text) => `\`${text.replace(/[`\\]|\$\{/g, "\\$&")}\``;

/**
 * The TypeScript text of the pieces of a file of common/, which many kernels share: a bundle has each once.
 * @param pieces of one file, in its order
 */
export function renderShared(pieces) {
  return [
    `// generated from shaders/${pieces[0].file}; do not edit`,
    ...pieces.map((piece) => `export const ${pieceName(piece)}: string = ${quoted(piece.text)};`),
    "",
  ].join("\n");
}

/** The TypeScript text of a description. The same description always gives the same text. */
export function renderModule(description) {
  const { name, code, renderEntryPoints, ...rest } = description;
  // The last line break is that of the text, and no line of its own.
  const pieces = piecesOf(code.replace(/\n$/, ""), rest.sources);
  const shared = pieces.filter(isShared);
  const imports = [...new Set(shared.map(({ file }) => file))].map((file) => {
    const names = shared.filter((piece) => piece.file === file).map(pieceName);
    return `import { ${names.join(", ")} } from "${"../".repeat(name.split("/").length - 1)}${file.replace(/\.wgsl$/, ".js")}";`;
  });
  const up = "../".repeat(name.split("/").length);
  const fields = {
    name,
    hash: rest.hash,
    constants: rest.constants,
    ...(rest.enables.length > 0 ? { enables: rest.enables } : {}),
    entryPoints: rest.entryPoints,
    ...(Object.keys(renderEntryPoints).length > 0 ? { renderEntryPoints } : {}),
    structs: rest.structs,
    sources: rest.sources,
  };
  const lines = Object.entries(fields).map(([key, value]) => `  ${key}: ${literal(value, 1)},`);
  const text = pieces
    .map((piece) => (isShared(piece) ? `\${${pieceName(piece)}}` : quoted(piece.text).slice(1, -1)))
    .join("");
  return [
    `// generated from shaders/${name}.wgsl; do not edit`,
    `import type { KernelModule } from "${up}gpu/kernel-module.js";`,
    ...imports,
    "",
    `export const ${exportName(name)} = {`,
    ...lines,
    `  code: \`${text}\`,`,
    "} as const satisfies KernelModule;",
    "",
  ].join("\n");
}

/** A value as TypeScript: on one line where it is short, otherwise one entry a line. */
function literal(value, depth) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const isArray = Array.isArray(value);
  const entries = isArray
    ? value.map((item) => literal(item, depth + 1))
    : Object.entries(value).map(([key, item]) => `${key}: ${literal(item, depth + 1)}`);
  if (entries.length === 0) return isArray ? "[]" : "{}";
  const short = entries.join(", ");
  if (short.length < 80 && !short.includes("\n")) return isArray ? `[${short}]` : `{ ${short} }`;
  const pad = "  ".repeat(depth + 1);
  const body = entries.map((entry) => `${pad}${entry},\n`).join("");
  return `${isArray ? "[" : "{"}\n${body}${"  ".repeat(depth)}${isArray ? "]" : "}"}`;
}
