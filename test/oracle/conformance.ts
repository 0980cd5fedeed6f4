/**
 * npm run conformance -- FOLDER: judges every oracle case (*.json, schema of test/oracle/cases/README.md) of a
 * folder on this machine's WebGPU device. A line a case: of each quantity the largest error / its bound. With
 * --steps also the steps of adaptive solves. Solves of MLP fields are carried out in every way that takes them, or as
 * --path says; fused kernels have the form that is fastest here, or that of --form: block, as on a GPU, or strip, for
 * adapters of 4-wide subgroups. Exit code 0: all passed, 1: some failed, 2: wrong usage.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { type Device, openDevice } from "../../src/gpu/device.js";
import { openNodeGPU } from "../../src/node/open.js";
import { FORMS, type ProductForm } from "../../src/ode/calibration.js";
import { PATHS } from "../../src/ode/execution.js";
import { judgeCase, type Outcome } from "./judge/case.js";
import type { How } from "./judge/judgement.js";
import { reportLines } from "./judge/report.js";

const USAGE =
  "Usage: npm run conformance -- FOLDER [--steps] [--path fused|layered|auto] [--form block|strip]";

/** Undefined for wrong usage. */
function readArguments(args: string[]) {
  try {
    const options = {
      steps: { type: "boolean" },
      path: { type: "string" },
      form: { type: "string" },
    } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const { steps = false, path, form } = values;
    const known = (among: readonly string[], value?: string) => value === undefined || among.includes(value);
    if (positionals.length !== 1 || !known(["auto", ...PATHS], path) || !known(FORMS, form)) return undefined;
    return {
      folder: positionals[0]!,
      steps,
      path: path as How["path"],
      form: form as ProductForm | undefined,
    };
  } catch {
    return undefined;
  }
}

/** Returns the exit code. */
async function main(args: string[]): Promise<number> {
  const asked = readArguments(args);
  if (!asked) {
    console.error(USAGE);
    return 2;
  }
  const { folder, steps, path, form } = asked;
  const files = casesIn(folder);
  if (files === undefined || files.length === 0) {
    console.error(`${folder} ${files ? "holds no .json file" : "is no folder that can be read"}.\n${USAGE}`);
    return 2;
  }
  const { gpu, source } = await openNodeGPU();
  // Where forms are not measured, strips are taken for the faster one.
  const device = await openDevice({ gpu, ...(form && { calibration: "off" }) });
  if (form === "block") delete (device.adapter as { subgroupSize?: number }).subgroupSize;
  if (form === "strip" && device.adapter.subgroupSize !== 4) {
    console.error(`Strips need an adapter of 4-wide subgroups; this is none.\n${USAGE}`);
    return 2;
  }
  const { vendor, architecture, description } = device.adapter;
  console.log(`adapter: ${[vendor, architecture, description].filter(Boolean).join(", ")}; ${source}`);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of files) {
    const outcome = await judgeFile(device, join(folder, file), { path });
    counts[outcome.status]++;
    for (const line of reportLines(basename(file, ".json"), outcome, steps)) {
      console.log(line);
    }
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed > 0 ? 1 : 0;
}

function casesIn(folder: string): string[] | undefined {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(".json"))
      .sort();
  } catch {
    return undefined;
  }
}

async function judgeFile(device: Device, path: string, how: How): Promise<Outcome> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return { status: "failed", reason: `it cannot be read as JSON: ${(error as Error).message}` };
  }
  return judgeCase(device, content, how);
}

let code = 1;
try {
  code = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
}
// Dawn's threads would keep the process alive.
process.exit(code);
