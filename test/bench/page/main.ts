/** Hands the benchmark to the script that opened this page. */
import { type BenchOptions, runBench } from "../bench.js";

declare global {
  interface Window {
    runBench: (options: BenchOptions) => Promise<string>;
  }
}

// As text, because numbers that are not finite do not survive the way to the script otherwise.
window.runBench = async (options) => JSON.stringify(await runBench(options));
document.body.dataset.state = "ready";
