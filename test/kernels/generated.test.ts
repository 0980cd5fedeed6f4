/** The typed kernel modules are those of the shaders as they are now, and every shader explains itself. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildModules, generatedFolder, listModules, shaderFolder } from "../../scripts/generate.mjs";

const modules = buildModules();

/** Kernels; what is left are the pieces of common/ that they share. */
const kernels = modules.filter(({ hash }) => hash !== undefined);

test("src/generated holds exactly one module per kernel and per shared file", () => {
  expect(listModules()).toEqual(modules.map(({ path }) => path).sort());
});

test.each(modules)("the module of $shader is fresh", ({ path, hash, text }) => {
  const onDisk = readFileSync(join(generatedFolder, path), "utf8");
  if (hash !== undefined) expect(onDisk).toContain(`hash: "${hash}"`);
  expect(onDisk === text, "the module differs from what the generator makes: run npm run generate").toBe(
    true,
  );
});

describe.each(kernels)("$shader", ({ shader }) => {
  test("its shader opens with a card", () => {
    const lines = readFileSync(join(shaderFolder, shader), "utf8").split("\n");
    const end = lines.findIndex((line) => !line.startsWith("//"));
    const card = lines.slice(0, end).filter((line) => !/^\/\/\s*@/.test(line));
    // One line is a title; a card also says what the buffers hold and which invocation owns what.
    expect(card.length).toBeGreaterThanOrEqual(2);
    expect(card.join(" ").length).toBeGreaterThan(80);
  });
});
