/** The demo site: a page for demos/index.html and one for every demos/<name>/index.html. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { generate, shaderFolder } from "./scripts/generate.mjs";
import { offline } from "./scripts/offline.js";

const root = fileURLToPath(new URL(".", import.meta.url));
const demos = join(root, "demos");

const pages = ["", ...readdirSync(demos)]
  .map((name) => join(demos, name, "index.html"))
  .filter((page) => existsSync(page));

/** Regenerates the kernel modules whenever a shader is saved; Vite then reloads what imports them. */
function kernels(): Plugin {
  return {
    name: "fjordgpu-kernels",
    buildStart: () => {
      generate();
    },
    configureServer({ watcher, config }) {
      watcher.add(shaderFolder);
      watcher.on("all", (_event, path) => {
        if (!path.endsWith(".wgsl")) return;
        try {
          generate();
        } catch (error) {
          config.logger.error(error instanceof Error ? error.message : String(error));
        }
      });
    },
  };
}

/**
 * Takes spaces out of the kernels of the built site: about a tenth of what a page loads. Lines stay lines, so that
 * errors of the compiler still name the right ones.
 */
function shortKernels(): Plugin {
  const short = (code: string) =>
    code.replace(/\n[ \t]+/g, "\n").replace(/[ \t]*([=,;:(){}|?])[ \t]*/g, "$1");
  return {
    name: "fjordgpu-short-kernels",
    apply: "build",
    transform(code, id) {
      if (!id.includes("/src/generated/")) return;
      return { code: code.replace(/`[^`]*`/g, short), map: null };
    },
  };
}

/** The built site's policy allows no style within pages; the development server puts those of scripts there. */
function stylesInDevelopment(): Plugin {
  return {
    name: "fjordgpu-styles-in-development",
    apply: "serve",
    transformIndexHtml: (html) => html.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
  };
}

export default defineConfig({
  root: demos,
  // Relative addresses, so that the built site works under any path.
  base: "./",
  resolve: {
    alias: {
      "fjordgpu/bench": join(root, "src", "bench", "index.ts"),
      fjordgpu: join(root, "src", "index.ts"),
    },
  },
  plugins: [kernels(), shortKernels(), stylesInDevelopment(), offline()],
  worker: { format: "es", plugins: () => [shortKernels()] },
  server: { fs: { allow: [root] } },
  build: {
    outDir: join(root, "build", "site"),
    emptyOutDir: true,
    target: "es2022",
    rolldownOptions: { input: pages },
  },
});
