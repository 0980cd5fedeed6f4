/** The benchmark, as it runs in a page: ours and the peers on one adapter. */
import { CallCounter, type WebGPUScope } from "../../src/bench/calls.js";
import {
  type BenchReport,
  isEntry,
  type ProductsResult,
  type WorkloadResult,
} from "../../src/bench/report.js";
import { FLOW_WORKLOADS, type FlowWorkload } from "../../src/bench/workloads.js";
import { openDevice } from "../../src/index.js";
import type { Context } from "./context.js";
import { runFlowWorkload } from "./flow-workloads.js";
import { jaxPeers } from "./peers/jax.js";
import type { Peer } from "./peers/peer.js";
import { tensorflowPeers } from "./peers/tensorflow.js";
import { runProducts } from "./products.js";
import { runQuality } from "./quality.js";
import { runScaling } from "./scaling.js";

export interface BenchOptions {
  /** Workloads by name. */
  readonly only: readonly string[];
  readonly repeats: number;
  /** Only peers whose names hold this text. */
  readonly peers: string;
  /** Two steps of Runge–Kutta: seconds, for the tests. */
  readonly smoke: boolean;
}

const say = (text: string) => console.info(`bench ${text}`);

export async function runBench({ only, repeats, peers: named, smoke }: BenchOptions): Promise<BenchReport> {
  const counter = new CallCounter(globalThis as WebGPUScope);
  const peers = (await allPeers()).filter(({ name }) => name.includes(named));
  const device = await openDevice();
  const { adapter } = device;
  const { isSoftware } = adapter;
  const context: Context = { peers, counter, repeats, isSoftware, say };
  const workloads: Record<string, WorkloadResult> & { M?: ProductsResult } = {};
  for (const workload of FLOW_WORKLOADS.filter(({ name }) => only.includes(name))) {
    say(`${workload.name}: ${workload.about}`);
    workloads[workload.name] = await runFlowWorkload(smoke ? small(workload) : workload, context);
  }
  if (only.includes("M")) workloads.M = await runProducts(device, context);
  if (only.includes("T")) {
    say("T: time to quality");
    workloads.T = await runQuality(device, context, fastestOf(peers, workloads.W1));
  }
  const scaling = only.includes("S") ? await runScaling(device, context) : undefined;
  device.dispose();
  counter.remove();
  return { adapter, host: browser(), date: new Date().toISOString(), workloads, scaling };
}

/** E.g. "HeadlessChrome/147.0.7727.0". */
const browser = () => /\w*Chrom\w*\/[\d.]+/.exec(navigator.userAgent)?.[0] ?? navigator.userAgent;

/** The WebGPU peer that trains fastest, by W1 of this run where there is one. */
function fastestOf(peers: readonly Peer[], w1: WorkloadResult | undefined): Peer[] {
  const time = ({ name }: Peer) => {
    const entry = w1?.peers[name];
    return entry && isEntry(entry) ? entry.ms.median : Number.POSITIVE_INFINITY;
  };
  const gpu = peers.filter(({ kind }) => kind === "webgpu");
  return [...gpu].sort((a, b) => (time(a) === time(b) ? 0 : time(a) - time(b))).slice(0, 1);
}

const small = (workload: FlowWorkload): FlowWorkload => ({
  ...workload,
  shape: { ...workload.shape, rkSteps: 2 },
});

async function allPeers(): Promise<Peer[]> {
  return [
    ...(await jaxPeers("webgpu", ["hand", "divergence", "library"])),
    ...(await tensorflowPeers("webgpu", ["hand", "divergence"])),
    ...(await jaxPeers("wasm", ["hand"])),
    ...(await tensorflowPeers("wasm", ["hand"])),
  ];
}
