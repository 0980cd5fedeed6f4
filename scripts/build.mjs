/**
 * npm run build: dist/ with one ES module and one declaration file per source file, and the command line as a
 * single file with its dependencies inside.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

async function buildCommandLine() {
  const { build } = await import("vite");
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    // What only some installations have is looked up when the program runs.
    ssr: { noExternal: true, external: ["webgpu", "@sparticuz/chromium", "playwright-core"] },
    build: {
      ssr: "src/node/cli.ts",
      outDir: "dist/node",
      emptyOutDir: false,
      target: "node20",
      rolldownOptions: {
        output: { entryFileNames: "cli.js", codeSplitting: false, banner: "#!/usr/bin/env node" },
      },
    },
  });
  chmodSync(join(root, "dist/node/cli.js"), 0o755);
}

try {
  await setUp();
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const tsc = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"];
  const { status } = spawnSync(process.execPath, tsc, { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error("The library does not compile.");
  await buildCommandLine();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
