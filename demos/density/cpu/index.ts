/** The engine of this page where there is no WebGPU: fetched then only. */
export { CpuDisplay } from "./display.js";
export { CpuSession } from "./session.js";
