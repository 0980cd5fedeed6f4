/** The command line, bundled as it is for the package, in processes of its own on tiny settings. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import Papa from "papaparse";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../../src/io/npy.js";
import { readSafetensors } from "../../src/io/safetensors.js";
import { bundle } from "../support/bundle.js";

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const folder = mkdtempSync(join(tmpdir(), "fjordgpu-cli-"));
const at = (name: string) => join(folder, name);

/** What the tests change of the environment: their own cache, and in most of them nothing that measures. */
const ENV = { FJORD_DEBUG: "", FJORD_CALIBRATION: "off", XDG_CACHE_HOME: at("cache") };

function start(...args: string[]): { child: ChildProcess; result: Promise<Result> } {
  return startWith(ENV, ...args);
}

function startWith(changed: object, ...args: string[]): { child: ChildProcess; result: Promise<Result> } {
  const env = { ...process.env, ...changed };
  const child = spawn(process.execPath, [...program, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const result = new Promise<Result>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, result };
}

const run = (...args: string[]) => start(...args).result;

const TINY = ["--hidden", "8", "--batch", "32", "--method", "rk4", "--solver-steps", "2"];
const SMALL = ["--held-out", "50", "--grid", "9", "--samples", "12"];
const train = (out: string, ...args: string[]) =>
  run("train", "--data", "moons", ...TINY, ...SMALL, "--seed", "3", "--out", at(out), ...args);

const model = at("whole/weights.safetensors");
let program: string[];
let whole: Result;
let half: Result;

beforeAll(async () => {
  program = (await bundle("cli", { cli: "src/node/cli.ts" }))("cli");
  [whole, half] = await Promise.all([
    train("whole", "--steps", "6", "--evaluate-every", "3"),
    train("half", "--steps", "3"),
  ]);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

const table = (text: string) => Papa.parse<string[]>(text.trim()).data;

// Software adapters compile kernels slowly, and each process anew.
const PATIENCE = { timeout: 120_000 };

describe("train", PATIENCE, () => {
  test("writes its five files, whole, and nothing else", () => {
    expect(whole).toMatchObject({ code: 0, stdout: "" });
    expect(readdirSync(at("whole")).sort()).toEqual(
      ["checkpoint.safetensors", "density.png", "metrics.json", "samples.csv", "weights.safetensors"].sort(),
    );
    const { width, height } = decode(readFileSync(at("whole/density.png")));
    expect([width, height]).toEqual([9, 9]);
    const rows = table(readFileSync(at("whole/samples.csv"), "utf8"));
    expect(rows[0]).toEqual(["x", "y"]);
    expect(rows).toHaveLength(1 + 12);
    expect(rows.slice(1).flat().map(Number).every(Number.isFinite)).toBe(true);
    expect(readSafetensors(readFileSync(model)).tensors.get("layers.0.W")?.shape).toEqual([8, 2]);
  });

  test("metrics hold the curve, the held-out loss and what the run was", () => {
    const metrics = JSON.parse(readFileSync(at("whole/metrics.json"), "utf8"));
    expect(metrics).toMatchObject({
      status: "done",
      steps: 6,
      seed: 3,
      data: { name: "moons", dim: 2, heldOutRows: 50 },
      config: {
        field: { hidden: [8], layer: "concatsquash", activation: "tanh" },
        solver: { method: "rk4", steps: 2 },
        // What was asked for: how solves are laid out is in the checkpoint.
        training: { steps: 6, batch: 32, solver: { method: "rk4", steps: 2 } },
      },
      // moons' entropy, see src/data.
      heldOut: { floor: 2.3939 },
    });
    expect(metrics.curve.map(({ step }: { step: number }) => step)).toEqual([3, 6]);
    // rk4 takes 4 evaluations a step; one more may find the slope at the start.
    expect(metrics.nfe.forward).toBeGreaterThanOrEqual(8);
    expect(metrics.nfe.forward).toBeLessThanOrEqual(9);
    const { heldOut, curve, seconds, adapter, version } = metrics;
    // The last evaluation in training and the one afterwards see the same weights and rows.
    expect(heldOut.nll).toBeCloseTo(curve[1].heldOut, 4);
    // An untrained flow is about N(0, I) of the standardised data, 0.4 to 1.6 nats above the floor.
    expect(heldOut.kl).toBeGreaterThan(0);
    expect(heldOut.kl).toBeLessThan(2);
    expect(seconds).toBeGreaterThan(0);
    expect(adapter.vendor).not.toBe("");
    expect(version).toBe(JSON.parse(readFileSync("package.json", "utf8")).version);
  });

  test("says in plain lines where it is", () => {
    expect(whole.stderr).toContain("moons: D = 2, 50000 rows, 72 parameters; on ");
    expect(whole.stderr).toMatch(/step 6\/6 {2}loss \d\.\d+/);
    expect(whole.stderr).toMatch(/held-out NLL \d\.\d+ ± \d\.\d+ nats, floor 2\.3939, KL \d\.\d+/);
    expect(whole.stderr).not.toContain("\x1b");
  });

  test("a resumed run ends with the same weights, bit for bit", async () => {
    expect(half.code).toBe(0);
    const resume = ["--resume", at("half/checkpoint.safetensors"), "--steps", "6"];
    const rest = await run("train", "--data", "moons", ...SMALL, ...resume, "--out", at("rest"));
    expect(rest).toMatchObject({ code: 0 });
    // What --resume leaves out is taken from the checkpoint.
    const { config, seed } = JSON.parse(readFileSync(at("rest/metrics.json"), "utf8"));
    expect({ seed, batch: config.training.batch }).toEqual({ seed: 3, batch: 32 });
    const read = (name: string) => readSafetensors(readFileSync(at(name))).tensors;
    const expected = read("whole/weights.safetensors");
    expect(expected).not.toEqual(read("half/weights.safetensors"));
    expect(read("rest/weights.safetensors")).toEqual(expected);
  });

  test("Ctrl-C ends it with what there is, and 130", async () => {
    const { child, result } = start(
      "train",
      "--data",
      "moons",
      ...TINY,
      "--steps",
      "100000",
      "--out",
      at("cut"),
    );
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said += chunk;
      if (said.includes("step 10/") && !child.killed) child.kill("SIGINT");
    });
    const { code, stderr } = await result;
    expect(stderr).toContain("interrupted");
    expect(code).toBe(130);
    const metrics = JSON.parse(readFileSync(at("cut/metrics.json"), "utf8"));
    expect(metrics.status).toBe("interrupted");
    const checkpoint = readSafetensors(readFileSync(at("cut/checkpoint.safetensors")));
    expect(JSON.parse(checkpoint.metadata.get("training")!).step).toBeGreaterThanOrEqual(10);
    expect(existsSync(at("cut/weights.safetensors"))).toBe(true);
  });

  test("three columns of a CSV file, a warm start, a measured device: no picture, and it says so", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i};${Math.sin(i)};${Math.cos(3 * i)};${i % 7}`);
    writeFileSync(at("points.csv"), `\uFEFFid;a;b;c\r\n${rows.join("\r\n")}\r\n`);
    const steps = ["--steps", "2", "--warm-start", "3"];
    const out = ["--samples", "3", "--out", at("csv")];
    const data3 = ["--data", at("points.csv"), "--columns", "a,b,4"];
    expect(existsSync(at("cache"))).toBe(false);
    const measured = { ...ENV, FJORD_CALIBRATION: "" };
    const { code, stderr } = await startWith(measured, "train", ...data3, ...TINY, ...steps, ...out).result;
    expect(stderr).toMatch(/step 0\/2 {2}warm start, step 3 {2}matching \d\.\d+/);
    expect(stderr).toContain("density.png is left out");
    expect(code).toBe(0);
    // Whether the kernels of so small a run pay depends on the device: it was measured, and that is remembered.
    expect(readdirSync(at("cache/fjordgpu"))).toEqual([expect.stringMatching(/^calibration-.*\.json$/)]);
    expect(existsSync(at("csv/density.png"))).toBe(false);
    expect(table(readFileSync(at("csv/samples.csv"), "utf8"))[0]).toEqual(["a", "b", "c"]);
    const metrics = JSON.parse(readFileSync(at("csv/metrics.json"), "utf8"));
    const { data, heldOut, phase, config, curve } = metrics;
    expect({ phase, warmStart: config.training.warmStart.steps }).toEqual({
      phase: "likelihood",
      warmStart: 3,
    });
    // The loss of flow matching is no likelihood.
    expect(curve.map(({ step }: { step: number }) => step)).toEqual([2]);
    expect(data).toMatchObject({ name: "points.csv", dim: 3, rows: 36, heldOutRows: 4 });
    expect(Number.isFinite(heldOut.nll)).toBe(true);
    expect(heldOut.floor).toBeUndefined();
  });
});

describe("sample, density, info", PATIENCE, () => {
  test("the same seed gives the points that training wrote", async () => {
    const { code, stdout, stderr } = await run("sample", model, "-n", "12", "--seed", "0");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const rows = table(stdout);
    expect(rows[0]).toEqual(["x1", "x2"]);
    expect(rows.slice(1)).toEqual(table(readFileSync(at("whole/samples.csv"), "utf8")).slice(1));
  });

  test("log p on a grid, in folders not there yet, and the same at given points", async () => {
    writeFileSync(at("grid.csv"), "-2,-1\n2,-1\n-2,1\n2,1\n");
    const [array, points] = await Promise.all([
      run("density", model, "--grid", "2", "--window", "-4,4,-2,2", "--out", at("new/folder/d.npy")),
      run("density", model, "--points", at("grid.csv")),
    ]);
    expect(array.stderr).toMatch(/^mass inside the window: \d\.\d{4}\n$/);
    expect(array.code).toBe(0);
    expect(points).toMatchObject({ code: 0, stderr: "" });
    const { shape, data } = readNpy(readFileSync(at("new/folder/d.npy")));
    expect(shape).toEqual([2, 2]);
    const rows = table(points.stdout);
    expect(rows[0]).toEqual(["x1", "x2", "log_p"]);
    // The same four points in the same order: printed digits name the same float32.
    expect(Float32Array.from(rows.slice(1), (row) => Number(row[2]))).toEqual(data);
  });

  test("info of the adapter, and of a model", async () => {
    const [adapter, file] = await Promise.all([run("info"), run("info", model)]);
    expect(adapter.stdout).toMatch(/adapter: .+\nfound: .+\nmaxBufferSize: \d+/);
    expect(file.stdout).toContain('"layer":"concatsquash"');
    expect(file.stdout).toContain("parameters: 72");
    expect([adapter.code, file.code]).toEqual([0, 0]);
  });
});

describe("bench", PATIENCE, () => {
  test("a table to read and the numbers as JSON", async () => {
    const out = ["--only", "W0", "--repeats", "1", "--out", at("bench.json")];
    const { code, stdout, stderr } = await run("bench", ...out);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^Adapter: .+\n\n\| {2}\| what \| ms, median .+\n\|[-|]+\n\| W0 \| .+ \|\n$/);
    expect(stderr).toContain("docs/benchmark.md by a pull request");
    const { adapter, workloads } = JSON.parse(readFileSync(at("bench.json"), "utf8"));
    expect(adapter.vendor).not.toBe("");
    expect(Object.keys(workloads)).toEqual(["W0"]);
    const { ours, peers, ratio } = workloads.W0;
    expect({ peers, ratio }).toEqual({ peers: {}, ratio: null });
    expect(ours.ms.median).toBeGreaterThan(0);
    expect(ours).toMatchObject({ repeats: 1, buffersCreated: 0, maps: 0 });
  });

  test("a workload that there is not", async () => {
    const { code, stderr } = await run("bench", "--only", "W4,W9");
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: '--only is "W9". Use one of: W0, W1, W1a, W2, W3, W4, M.\n',
    });
  });

  test("the help says what is left out where", async () => {
    const { code, stdout } = await run("bench", "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("--only LIST  of W0,W1,W1a,W2,W3,W4,M (all; on a software adapter without W4");
  });
});

describe("what goes wrong is one line", PATIENCE, () => {
  test("a loss that is not finite: 1, the last finite weights, and no picture of an earlier run", async () => {
    writeFileSync(at("half/density.png"), "old");
    const { code, stderr } = await train("half", "--steps", "30", "--lr", "1e30");
    expect(code).toBe(1);
    expect(stderr.trim().split("\n").at(-1)).toMatch(/^Training stopped at step \d+: the loss is .*/);
    expect(existsSync(at("half/density.png"))).toBe(false);
    const { tensors } = readSafetensors(readFileSync(at("half/weights.safetensors")));
    expect([...tensors.values()].every(({ data }) => data.every(Number.isFinite))).toBe(true);
    const metrics = JSON.parse(readFileSync(at("half/metrics.json"), "utf8"));
    expect(metrics.status).toBe("failed");
    // The rate is far too high from the first step on.
    expect(metrics.steps).toBeLessThan(30);
  });

  test("wrong usage: 2; a data set that there is not, a warm start that cannot be: 1", async () => {
    const [option, data, warm] = await Promise.all([
      run("train", "--data", "moons", "--step", "5"),
      run("train", "--data", "moon"),
      run("train", "--data", "moons", "--warm-start", "-1", "--out", at("refused")),
    ]);
    expect(option).toEqual({
      code: 2,
      stdout: "",
      stderr: "Unknown option --step. See: fjordgpu train --help\n",
    });
    expect(data).toMatchObject({ code: 1, stdout: "" });
    expect(warm.code).toBe(1);
    expect(warm.stderr).toMatch(/\nwarmStart\.steps is -1\. It must be an integer .*\n$/);
    expect(data.stderr).toMatch(/^There is no data set "moon"\. .*moons, circles.*\n$/);
  });

  test("NaN in a file, a model cut short: 1, before anything is written", async () => {
    writeFileSync(at("bad.csv"), "x,y\n1,2\n3,NaN\n");
    writeFileSync(at("cut.safetensors"), readFileSync(model).subarray(0, -5));
    const [csv, cut] = await Promise.all([
      run("train", "--data", at("bad.csv"), "--out", at("never")),
      run("sample", at("cut.safetensors")),
    ]);
    expect(csv.code).toBe(1);
    expect(csv.stderr).toMatch(/bad\.csv, row 3, column 2 is "NaN"\..*\n$/);
    expect(csv.stderr.split("\n")).toHaveLength(2);
    expect(existsSync(at("never"))).toBe(false);
    expect(cut).toMatchObject({ code: 1, stdout: "" });
    expect(cut.stderr).toMatch(/^The file is cut short: .*\n$/);
  });
});
