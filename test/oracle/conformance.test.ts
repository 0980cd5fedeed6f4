/** The conformance command as it is called, in a process of its own. */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { bundle } from "../support/bundle.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cases = join(root, "test", "oracle", "cases");
const GOOD = "field_ignore_tanh_D16_h16";

interface Result {
  readonly code: number | null;
  readonly lines: string[];
  readonly errors: string;
}

/** `npm run conformance -- ` without npm. */
const COMMAND = ["scripts/run-source.mjs", "test/oracle/conformance.ts"];

let bundled: string[];
const conformance = (...args: string[]) => run(...bundled, ...args);

function run(...command: string[]): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, command, { cwd: root });
    let [output, errors] = ["", ""];
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, lines: output.trimEnd().split("\n"), errors }));
  });
}

// Starting Vite and Dawn anew takes seconds, and many of them on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
beforeAll(async () => {
  bundled = (await bundle("conformance", { conformance: "test/oracle/conformance.ts" }))("conformance");
  folder = mkdtempSync(join(tmpdir(), "conformance-"));
});
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

describe("a folder with good and bad files", () => {
  let result: Result;
  const lineOf = (name: string) => result.lines.filter((line) => line.includes(name));

  beforeAll(async () => {
    const good = readFileSync(join(cases, `${GOOD}.json`), "utf8");
    cpSync(join(cases, `${GOOD}.json`), join(folder, "good.json"));
    const wrong = JSON.parse(good);
    // 1e-3 of the largest divergence in one entry of one result: far above rounding, far below a blunder.
    const divergence: number[] = wrong.results.div_exact.data;
    divergence[1]! += 1e-3 * Math.max(...divergence.map(Math.abs));
    writeFileSync(join(folder, "wrong.json"), JSON.stringify(wrong));
    writeFileSync(join(folder, "later.json"), JSON.stringify({ schema: "cnf-oracle-1", kind: "hyper_cnf" }));
    writeFileSync(join(folder, "unheard-of.json"), JSON.stringify({ schema: "cnf-oracle-1", kind: "pde" }));
    writeFileSync(join(folder, "hollow.json"), JSON.stringify({ schema: "cnf-oracle-1", kind: "solve" }));
    writeFileSync(join(folder, "broken.json"), good.slice(0, good.length / 2));
    writeFileSync(join(folder, "notes.txt"), "no case");
    result = await conformance(folder);
  });

  test("exit code 1 and a last line that counts", () => {
    expect(result.lines.at(-1), result.errors).toBe("1 passed, 4 failed, 1 skipped");
    expect(result.code).toBe(1);
  });

  test("a line a case, the adapter first", () => {
    expect(result.lines.some((line) => line.startsWith("adapter: "))).toBe(true);
    // "∇Σ" has no judgement beyond its bound here, so that every quantity stands on this one line.
    expect(lineOf("good")).toEqual([
      expect.stringMatching(/^pass {2}good: f \S+\/3e-5, tr J \S+\/3e-5, jvp /),
    ]);
    expect(lineOf("notes")).toEqual([]);
  });

  test("a wrong result is named with its error and bound", () => {
    expect(lineOf("wrong")).toEqual([
      expect.stringMatching(/^FAIL {2}wrong: /),
      expect.stringMatching(/^FAIL {4}wrong: tr J is off by (1|9\.99)e-3, bound 3e-5$/),
    ]);
  });

  test("what cannot be judged says why", () => {
    expect(lineOf("later")).toEqual(["skip  later: asked for by a later issue"]);
    expect(lineOf("unheard-of")).toEqual(['FAIL  unheard-of: the kind "pde" is unknown']);
    expect(lineOf("hollow")).toEqual([expect.stringMatching(/^FAIL {2}hollow: /)]);
    expect(lineOf("broken")).toEqual([expect.stringMatching(/^FAIL {2}broken: it cannot be read as JSON: /)]);
  });
});

test("exit code 0 when everything passes", async () => {
  const onlyGood = join(folder, "only");
  cpSync(join(cases, `${GOOD}.json`), join(onlyGood, "good.json"));
  const { code, lines } = await conformance(onlyGood);
  expect(lines.at(-1)).toBe("1 passed, 0 failed, 0 skipped");
  expect(code).toBe(0);
});

test("solves go the way and in the form asked for", async () => {
  const grad = join(folder, "grad");
  cpSync(join(cases, "grad_concat_elu_rademacher_D2_h16-16.json"), join(grad, "grad.json"));
  // 16 dimensions are too many for the fused path.
  cpSync(join(cases, "solve_ignore_softplus_D16_h64_t0-1.json"), join(grad, "large.json"));
  const { code, lines, errors } = await conformance(grad, "--path", "fused", "--form", "block");
  const [judged, large] = ["grad", "large"].map((name) => lines.find((line) => line.includes(`${name}:`)));
  expect(judged, errors).toMatch(/^pass {2}grad: fused discrete loss /);
  expect(judged).not.toMatch(/layered/);
  expect(large).toBe("skip  large: the fused path takes none of its solves");
  expect(code).toBe(0);
});

test("exit code 2 for wrong usage", async () => {
  const wrong = [
    ["no-such-folder"],
    [cases, "--path", "fastest"],
    [cases, "--form", "cube"],
    [cases, "--all"],
  ];
  const results = [run(...COMMAND), ...wrong.map((args) => conformance(...args))];
  for (const { code, errors } of await Promise.all(results)) {
    expect(errors).toContain("Usage: npm run conformance -- FOLDER");
    expect(code).toBe(2);
  }
});
