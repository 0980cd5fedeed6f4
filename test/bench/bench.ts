/** The benchmark, as it runs in a page: ours and the peers on one adapter, in turn. */
import { CallCounter, type WebGPUScope } from "../../src/bench/calls.js";
import { lossAndGradient, logDensity, carried, workloadRunner } from "../../src/bench/engine.js";
import { gridOf, problemOf } from "../../src/bench/problem.js";
import { type BenchReport, type Entry, type Failure, isEntry, type WorkloadResult } from "../../src/bench/report.js";
import { type Candidate, compare } from "../../src/bench/timing.js";
import { FLOW_WORKLOADS, type FlowWorkload, rowsOf, workloadOperations } from "../../src/bench/workloads.js";
import { type Device, openDevice } from "../../src/index.js";
import { basePoints, jaxPeers } from "./peers/jax.js";
import { largestDisagreement, relativeError } from "./peers/layout.js";
import { callRunner, type Peer } from "./peers/peer.js";
import { tensorflowPeers } from "./peers/tensorflow.js";

export interface BenchOptions {
  /** Workloads by name; empty for all. */
  readonly only: readonly string[];
  readonly repeats: number;
  /** W0 against one peer of each library: seconds, for the tests. */
  readonly smoke: boolean;
}

/** Peers must give our loss and gradient up to this, relative to the largest entry of each tensor. */
const AGREEMENT = 1e-5;

export async function runBench(options: BenchOptions): Promise<BenchReport> {
  const counter = new CallCounter(globalThis as WebGPUScope);
  const probe = await openDevice();
  const { adapter } = probe;
  probe.dispose();
  const peers = await allPeers(options.smoke);
  const workloads: Record<string, WorkloadResult> = {};
  for (const workload of FLOW_WORKLOADS) {
    if (options.only.length > 0 && !options.only.includes(workload.name)) continue;
    say(`${workload.name}: ${workload.about}`);
    workloads[workload.name] = await runWorkload(workload, peers, counter, options);
  }
  return { adapter, host: navigator.userAgent, date: new Date().toISOString(), workloads };
}

const say = (text: string) => console.info(`bench ${text}`);

async function allPeers(smoke: boolean): Promise<Peer[]> {
  const modes = smoke ? (["hand"] as const) : (["hand", "divergence"] as const);
  return [
    ...(await jaxPeers("webgpu", smoke ? ["hand"] : ["hand", "divergence", "library"])),
    ...(await tensorflowPeers("webgpu", modes)),
    ...(smoke ? [] : await jaxPeers("wasm", ["hand"])),
    ...(smoke ? [] : await tensorflowPeers("wasm", ["hand"])),
  ];
}

async function runWorkload(
  workload: FlowWorkload,
  peers: readonly Peer[],
  counter: CallCounter,
  options: BenchOptions,
): Promise<WorkloadResult> {
  const device = await openDevice();
  const operations = workloadOperations(workload);
  const suited = peers.filter((peer) => candidateOf(peer, workload) !== undefined);
  const errors = new Map<Peer, string>();
  const gaps = new Map<Peer, number>();
  for (const peer of suited) {
    const gap = await disagreement(device, peer, workload).catch((error) => String(error));
    if (typeof gap === "number" && gap <= AGREEMENT) gaps.set(peer, gap);
    else errors.set(peer, typeof gap === "number" ? `It is off by ${gap.toExponential(2)}.` : gap);
    say(`  ${peer.name}: disagreement ${gap}`);
  }
  const checked = suited.filter((peer) => gaps.has(peer));
  const ours: Candidate = {
    name: "ours",
    operations,
    prepare: async (rkSteps) => workloadRunner(device, workload, rkSteps),
  };
  const candidates = [ours, ...checked.map((peer) => ({ ...candidateOf(peer, workload)!, operations }))];
  const timing = { repeats: options.repeats, rkSteps: workload.shape.rkSteps, counter, say };
  const [first, ...others] = await compare(candidates, timing);
  if (first === undefined || first instanceof Error) throw first;
  const results: Record<string, Entry | Failure> = {};
  for (const [peer, error] of errors) results[peer.name] = { error };
  checked.forEach((peer, i) => {
    const other = others[i]!;
    results[peer.name] =
      other instanceof Error ? { error: other.message } : { ...other, hostMs: undefined, disagreement: gaps.get(peer) };
  });
  device.dispose();
  const gpu = peers.filter(({ kind }) => kind === "webgpu").map(({ name }) => results[name]);
  const medians = gpu.filter((result) => result !== undefined && isEntry(result)).map((entry) => entry.ms.median);
  const ratio = medians.length > 0 ? Math.min(...medians) / first.ms.median : null;
  return { about: workload.about, operations, ours: first, peers: results, ratio };
}

function candidateOf(peer: Peer, workload: FlowWorkload): Candidate | undefined {
  const { name } = peer;
  const problem = (rkSteps: number) => problemOf({ ...workload.shape, rkSteps }, workload.kind === "train" ? rowsOf(workload) : 2);
  // Peers have neither adaptive steps nor a continuous adjoint of their own.
  if (workload.shape.rkSteps === 0) return undefined;
  if (workload.kind === "train") return { name, prepare: (rkSteps) => peer.trainer(problem(rkSteps)) };
  if (workload.kind === "density") {
    const { density } = peer;
    return density && { name, prepare: async (rkSteps) => callRunner(await density(problem(rkSteps), gridOf(workload.grid))) };
  }
  const { sampler } = peer;
  return sampler && { name, prepare: async (rkSteps) => callRunner(await sampler(problem(rkSteps), workload.count)) };
}

/** How far the peer's result is from ours on the same numbers. */
async function disagreement(device: Device, peer: Peer, workload: FlowWorkload): Promise<number> {
  // Wide fields take minutes on a software adapter; one step exercises the same formulas.
  const rkSteps = workload.shape.hidden.some((width) => width > 128) ? 1 : workload.shape.rkSteps;
  const shape = { ...workload.shape, rkSteps };
  if (workload.kind === "train") {
    const problem = problemOf(shape, rowsOf(workload));
    const ours = await lossAndGradient(device, problem);
    const theirs = await peer.lossAndGradient(problem);
    const loss = relativeError([theirs.loss], [ours.loss]);
    return Math.max(loss, largestDisagreement(problem.field, theirs.gradient, ours.gradient));
  }
  const problem = problemOf(shape, 2);
  const points = workload.kind === "density" ? gridOf(20) : basePoints(400, shape.dim);
  const call =
    workload.kind === "density" ? await peer.density!(problem, points) : await peer.sampler!(problem, 400);
  const theirs = await call.run(points);
  call.dispose();
  const ours = await (workload.kind === "density" ? logDensity : carried)(device, problem, points);
  return relativeError(theirs, ours);
}
