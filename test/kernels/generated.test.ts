/** The typed kernel modules are those of the shaders as they are now, and every shader explains itself. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildModules, generatedFolder, listModules, shaderFolder } from "../../scripts/generate.mjs";

const modules = buildModules();

test("src/generated holds exactly one module per kernel", () => {
  expect(listModules()).toEqual(modules.map(({ path }) => path).sort());
});

describe.each(modules)("$shader", ({ shader, path, hash, text }) => {
  test("its module is fresh", () => {
    const onDisk = readFileSync(join(generatedFolder, path), "utf8");
    expect(onDisk).toContain(`hash: "${hash}"`);
    expect(onDisk === text, "the module differs from what the generator makes: run npm run generate").toBe(
      true,
    );
  });

  test("its shader opens with a card", () => {
    const lines = readFileSync(join(shaderFolder, shader), "utf8").split("\n");
    const end = lines.findIndex((line) => !line.startsWith("//"));
    const card = lines.slice(0, end).filter((line) => !/^\/\/\s*@/.test(line));
    // One line is a title; a card also says what the buffers hold and which invocation owns what.
    expect(card.length).toBeGreaterThanOrEqual(2);
    expect(card.join(" ").length).toBeGreaterThan(80);
  });
});
