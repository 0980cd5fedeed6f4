/**
 * npm run conformance -- FOLDER: judges every oracle case (*.json, schema of test/oracle/cases/README.md) of a
 * folder on this machine's WebGPU device. A line a case: of each quantity the largest error / its bound. With
 * --steps also the steps of adaptive solves. Exit code 0: all passed, 1: some failed, 2: wrong usage.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Device, openDevice } from "../../src/gpu/device.js";
import { openNodeGPU } from "../../src/node/open.js";
import { judgeCase, type Outcome } from "./judge/case.js";
import { reportLines } from "./judge/report.js";

const USAGE = "Usage: npm run conformance -- FOLDER [--steps]";

/** Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const folders = args.filter((arg) => !arg.startsWith("--"));
  const unknown = args.find((arg) => arg.startsWith("--") && arg !== "--steps");
  const folder = folders[0];
  if (folder === undefined || folders.length > 1 || unknown !== undefined) {
    console.error(USAGE);
    return 2;
  }
  const files = casesIn(folder);
  if (files === undefined || files.length === 0) {
    console.error(`${folder} ${files ? "holds no .json file" : "is no folder that can be read"}.\n${USAGE}`);
    return 2;
  }
  const { gpu, source } = await openNodeGPU();
  const device = await openDevice({ gpu });
  const { vendor, architecture, description } = device.adapter;
  console.log(`adapter: ${[vendor, architecture, description].filter(Boolean).join(", ")}; ${source}`);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of files) {
    const outcome = await judgeFile(device, join(folder, file));
    counts[outcome.status]++;
    for (const line of reportLines(basename(file, ".json"), outcome, args.includes("--steps"))) {
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

async function judgeFile(device: Device, path: string): Promise<Outcome> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return { status: "failed", reason: `it cannot be read as JSON: ${(error as Error).message}` };
  }
  return judgeCase(device, content);
}

let code = 1;
try {
  code = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
}
// Dawn's threads would keep the process alive.
process.exit(code);
