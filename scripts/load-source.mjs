/** Runs TypeScript from this repository in plain Node, through Vite. Needs the dependencies installed. */
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
let server;

/** Imports a module by its path in the repository ("src/node/cli.ts") and returns its exports. */
export async function loadSource(path) {
  // Stays open, because modules import others later on; without watcher and socket it keeps no process alive.
  server ??= createServer({
    root,
    configFile: false,
    appType: "custom",
    logLevel: "error",
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    resolve: { alias: { fjordgpu: `${root}src/index.ts` } },
  });
  return (await server).ssrLoadModule(`/${path}`);
}
