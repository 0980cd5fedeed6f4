/** Says which browser and which adapter in Node the tests will use; exit code 1 when either is missing. */
import { findBrowser } from "./browser.mjs";
import { loadSource } from "./load-source.mjs";

async function describeBrowser() {
  const { executablePath, version, source } = await findBrowser();
  return `browser: ${version || executablePath} (${source})`;
}

async function describeAdapter() {
  const { openNodeGPU } = await loadSource("src/node/open.ts");
  const { gpu, source } = await openNodeGPU();
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error("WebGPU in Node lost its adapter.");
  const { vendor, architecture, description } = adapter.info;
  return `adapter in Node: ${[vendor, architecture, description].filter(Boolean).join(", ")} (${source})`;
}

let missing = 0;
for (const report of [describeBrowser, describeAdapter]) {
  try {
    console.log(await report());
  } catch (error) {
    console.error(error.message);
    missing++;
  }
}
// Dawn's threads would keep the process alive.
process.exit(missing > 0 ? 1 : 0);
