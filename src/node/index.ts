/** What the package offers in Node beyond its main entry. */
export { type NodeGPU, openNodeGPU } from "./open.js";
