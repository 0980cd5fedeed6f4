/** The built site's service worker, which lets the site open without a network; see demos/shared/service-worker.js. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const WORKER = "service-worker.js";
const REGISTER = "offline.js";
const source = fileURLToPath(new URL(`../demos/shared/${WORKER}`, import.meta.url));

/** The first picture comes before the rest of the site, ms. */
const DELAY = 3000;

/** A file of its own, because the pages' policy allows no script within them. */
const registration = `addEventListener("load", () => setTimeout(() => {
  navigator.serviceWorker?.register(new URL("./${WORKER}", import.meta.url)).catch(() => undefined);
}, ${DELAY}));
`;

/**
 * The service worker of a folder of files.
 * @param folder every file below it is kept, save for a service worker
 * @returns its text, with another VERSION whenever a name or a byte has changed
 */
export function serviceWorkerOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== WORKER)
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();
  const worker = readFileSync(source, "utf8");
  const hash = createHash("sha256").update(worker);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
  // Servers differ in what they do with "index.html"; the folder's address is the same on all.
  const addresses = files.map(
    (file) =>
      `./${file
        .split(sep)
        .join("/")
        .replace(/(^|\/)index\.html$/, "$1")}`,
  );
  const version = hash.digest("hex").slice(0, 16);
  return `const VERSION = "${version}";\nconst FILES = ${JSON.stringify(addresses)};\n${worker}`;
}

export function offline(): Plugin {
  let folder = "";
  return {
    name: "fjordgpu-offline",
    apply: "build",
    enforce: "post",
    configResolved: ({ build }) => {
      folder = build.outDir;
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: REGISTER, source: registration });
    },
    transformIndexHtml: {
      order: "post",
      handler: (_html, { path }) => {
        const up = "../".repeat(path.split("/").length - 2) || "./";
        return [{ tag: "script", attrs: { type: "module", src: `${up}${REGISTER}` }, injectTo: "head" }];
      },
    },
    // Last of all: everything is written by then.
    closeBundle: () => writeFileSync(join(folder, WORKER), serviceWorkerOf(folder)),
  };
}
