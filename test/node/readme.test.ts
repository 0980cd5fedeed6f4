/** The README's programs, as they stand there, with fewer steps and smaller batches. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { readSafetensors } from "../../src/io/safetensors.js";

const folder = mkdtempSync(join(tmpdir(), "fjordgpu-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

const readme = readFileSync("README.md", "utf8");
const programs = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1]!);

/** Runs a program as a module of its own, where "fjordgpu" is this repository's source, in an empty folder. */
async function run(program: string, name: string): Promise<string> {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, program);
  const script = `
    const { loadSource } = await import(${JSON.stringify(resolve("scripts/load-source.mjs"))});
    await loadSource(${JSON.stringify(`@fs${file}`)});`;
  const args = ["--input-type=module", "-e", script];
  // Nothing ends the process but the end of the program.
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, timeout: 170_000 });
  return stdout;
}

test("the quick start trains, evaluates, samples and saves", async () => {
  const program = programs[0]!;
  const small = program
    .replace("steps: 2000", "steps: 2")
    .replace("batch: 512", "batch: 16")
    .replaceAll("64, 64, 64", "8")
    .replace("10_000", "10");
  // Each of the replacements above must still find its text.
  expect(small).toMatch(/steps: 2,[\s\S]*batch: 16[\s\S]*sample\(10,/);
  const output = await run(`${small}\nconsole.log(logp.length, xs.length);`, "quick-start");
  const [report, lengths] = output.trim().split("\n");
  expect(report).toMatch(/^2 \d\.\d+ \d+$/);
  expect(lengths).toBe("2 20");
  const saved = join(folder, "moons.safetensors");
  expect(existsSync(saved)).toBe(true);
  expect(readSafetensors(readFileSync(saved)).tensors.get("layers.0.W")?.shape).toEqual([8, 2]);
}, 180_000);

test.each(programs.slice(1).map((program, i) => [i, program] as const))(
  "program %i runs",
  async (i, program) => {
    expect((await run(program, `program-${i}`)).trim()).not.toBe("");
  },
  180_000,
);

test("the quick start is short", () => {
  const lines = programs[0]!.split("\n").filter((line) => line.trim() !== "");
  expect(lines.length).toBeLessThanOrEqual(15);
});
