/**
 * Programs of this repository as plain JavaScript, for tests that start many processes: Vite needs three seconds to
 * load the sources anew in each, and one to bundle them once.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Bundles programs, where "fjordgpu" is this repository's source.
 * @param name of the folder they go to: inside node_modules, so that the packages that stay outside are found
 * @param programs paths of the sources, by name
 * @returns the arguments by which Node runs a program
 */
export async function bundle(
  name: string,
  programs: Readonly<Record<string, string>>,
): Promise<(program: string) => string[]> {
  const outDir = join(root, "node_modules", ".cache", `fjordgpu-${name}`);
  await build({
    root,
    configFile: false,
    logLevel: "error",
    resolve: { alias: { fjordgpu: join(root, "src", "index.ts") } },
    ssr: { noExternal: true, external: ["webgpu", "@sparticuz/chromium", "playwright-core"] },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      target: "node20",
      rolldownOptions: {
        // These two are imported by their place beside the rest, see src/gpu.
        input: { ...programs, open: "src/node/open.ts", "calibration-file": "src/node/calibration-file.ts" },
        output: { entryFileNames: "node/[name].js", chunkFileNames: "node/[name]-[hash].js" },
      },
    },
  });
  const patient = new URL("patient.mjs", import.meta.url).href;
  return (program) => ["--import", patient, join(outDir, "node", `${program}.js`)];
}
