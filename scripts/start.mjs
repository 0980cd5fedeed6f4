/** npm start: installs and generates if need be, serves the demos, and opens them where there is a desktop. */
import { root, setUp } from "./setup.mjs";

/** Whether somebody sits before this terminal who would welcome a browser window. */
function hasDesktop() {
  const { env, platform, stdout } = process;
  if (env.CI || !stdout.isTTY) return false;
  return platform === "darwin" || platform === "win32" || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

try {
  await setUp();
  const { createServer } = await import("vite");
  const server = await createServer({
    configFile: `${root}vite.config.ts`,
    // Port 5173, or the next one that is free.
    server: { host: "127.0.0.1", port: 5173, strictPort: false },
  });
  await server.listen();
  console.log(`fjordgpu demos: ${server.resolvedUrls.local[0]} (stop with Ctrl+C)`);
  if (hasDesktop()) server.openBrowser();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
