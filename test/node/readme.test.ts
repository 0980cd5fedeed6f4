/** The README's programs, as they stand there, with fewer steps and smaller batches. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSafetensors } from "../../src/io/safetensors.js";
import { bundle } from "../support/bundle.js";

const folder = mkdtempSync(join(tmpdir(), "fjordgpu-readme-"));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

const readme = readFileSync("README.md", "utf8");
const programs = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1]!);

const quickStart = programs[0]!
  .replace("steps: 2000", "steps: 2")
  .replace("batch: 512", "batch: 16")
  .replaceAll("64, 64, 64", "8")
  .replace("10_000", "10");

let argumentsOf: (name: string) => string[];
beforeAll(async () => {
  const texts = [`${quickStart}\nconsole.log(logp.length, xs.length);`, ...programs.slice(1)];
  const files = texts.map((text, i) => {
    const file = join(folder, `program-${i}.ts`);
    writeFileSync(file, text);
    return [`program-${i}`, file] as const;
  });
  argumentsOf = await bundle("readme", Object.fromEntries(files));
});

/** Runs a program as a module of its own, in an empty folder. */
async function run(i: number): Promise<string> {
  const options = { cwd: folder, timeout: 170_000 };
  // Nothing ends the process but the end of the program.
  const { stdout } = await promisify(execFile)(process.execPath, argumentsOf(`program-${i}`), options);
  return stdout;
}

test("the quick start trains, evaluates, samples and saves", async () => {
  // Each of the replacements above must still find its text.
  expect(quickStart).toMatch(/steps: 2,[\s\S]*batch: 16[\s\S]*sample\(10,/);
  const output = await run(0);
  const [report, lengths] = output.trim().split("\n");
  expect(report).toMatch(/^2 \d\.\d+ \d+$/);
  expect(lengths).toBe("2 20");
  const saved = join(folder, "moons.safetensors");
  expect(existsSync(saved)).toBe(true);
  expect(readSafetensors(readFileSync(saved)).tensors.get("layers.0.W")?.shape).toEqual([8, 2]);
}, 180_000);

test.each(programs.slice(1).map((_, i) => i + 1))(
  "program %i runs",
  async (i) => {
    expect((await run(i)).trim()).not.toBe("");
  },
  180_000,
);

test("the quick start is short", () => {
  const lines = programs[0]!.split("\n").filter((line) => line.trim() !== "");
  expect(lines.length).toBeLessThanOrEqual(15);
});
