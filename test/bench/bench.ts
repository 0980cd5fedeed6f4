/** The benchmark, as it runs in a page: ours and the peers on one adapter. */
import { CallCounter, type WebGPUScope } from "../../src/bench/calls.js";
import type { BenchReport, ProductsResult, WorkloadResult } from "../../src/bench/report.js";
import { FLOW_WORKLOADS, type FlowWorkload } from "../../src/bench/workloads.js";
import { openDevice } from "../../src/index.js";
import type { Context } from "./context.js";
import { runFlowWorkload } from "./flow-workloads.js";
import { jaxPeers } from "./peers/jax.js";
import type { Peer } from "./peers/peer.js";
import { tensorflowPeers } from "./peers/tensorflow.js";
import { runProducts } from "./products.js";

export interface BenchOptions {
  /** Workloads by name. */
  readonly only: readonly string[];
  readonly repeats: number;
  /** W0 with two steps of Runge–Kutta and one peer of each library: seconds, for the tests. */
  readonly smoke: boolean;
}

const say = (text: string) => console.info(`bench ${text}`);

export async function runBench({ only, repeats, smoke }: BenchOptions): Promise<BenchReport> {
  const counter = new CallCounter(globalThis as WebGPUScope);
  const peers = await allPeers(smoke);
  const context: Context = { peers, counter, repeats, say };
  const workloads: Record<string, WorkloadResult> & { M?: ProductsResult } = {};
  for (const workload of FLOW_WORKLOADS.filter(({ name }) => only.includes(name))) {
    say(`${workload.name}: ${workload.about}`);
    workloads[workload.name] = await runFlowWorkload(smoke ? small(workload) : workload, context);
  }
  const device = await openDevice();
  const { adapter } = device;
  if (only.includes("M")) workloads.M = await runProducts(device, context);
  device.dispose();
  counter.remove();
  return { adapter, host: navigator.userAgent, date: new Date().toISOString(), workloads };
}

const small = (workload: FlowWorkload): FlowWorkload => ({ ...workload, shape: { ...workload.shape, rkSteps: 2 } });

async function allPeers(smoke: boolean): Promise<Peer[]> {
  const gpu = [
    await jaxPeers("webgpu", smoke ? ["hand"] : ["hand", "divergence", "library"]),
    await tensorflowPeers("webgpu", smoke ? ["hand"] : ["hand", "divergence"]),
  ];
  const wasm = smoke ? [] : [await jaxPeers("wasm", ["hand"]), await tensorflowPeers("wasm", ["hand"])];
  return [...gpu, ...wasm].flat();
}
