/** Runs a TypeScript program of this repository: node scripts/run-source.mjs src/node/cli.ts ARGUMENTS … */
import { setUp } from "./setup.mjs";

const [path, ...args] = process.argv.slice(2);
try {
  await setUp();
  const { loadSource } = await import("./load-source.mjs");
  process.argv.splice(1, process.argv.length, path, ...args);
  await loadSource(path);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
