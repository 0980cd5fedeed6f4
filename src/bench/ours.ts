/** The benchmark without peers: for the command line and the engine page, on whatever adapter a person has. */
import type { Device } from "../index.js";
import { CallCounter, type WebGPUScope } from "./calls.js";
import { productRunner, workloadRunner } from "./engine.js";
import type { BenchReport, WorkloadResult } from "./report.js";
import { type Candidate, compare } from "./timing.js";
import { FLOW_WORKLOADS, PRODUCT_SIZES, productName, workloadOperations } from "./workloads.js";

export interface OwnBenchOptions {
  readonly only: readonly OwnWorkload[];
  readonly repeats: number;
  /** Where it runs, e.g. "Node 20.19". */
  readonly host: string;
  readonly say: (text: string) => void;
}

/** W4 is left out: minutes on an adapter without a GPU. */
export const OWN_WORKLOADS = ["W0", "W1", "W1a", "W2", "W3", "M"] as const;
export type OwnWorkload = (typeof OWN_WORKLOADS)[number];

export async function benchOurs(device: Device, options: OwnBenchOptions): Promise<BenchReport> {
  const { only, host } = options;
  const counter = new CallCounter(globalThis as WebGPUScope);
  const workloads: Record<string, WorkloadResult> = {};
  try {
    for (const workload of FLOW_WORKLOADS.filter(({ name }) => (only as readonly string[]).includes(name))) {
      const { name, about, shape } = workload;
      const operations = workloadOperations(workload);
      const prepare = async (parts: number) =>
        workloadRunner(device, workload, Math.min(parts, shape.rkSteps));
      const parts = Math.max(1, shape.rkSteps);
      workloads[name] = await timed({ name, operations, prepare }, about, parts, counter, options);
    }
    if (only.includes("M")) {
      for (const size of PRODUCT_SIZES) {
        const name = `M ${productName(size)}`;
        const operations = 2 * size.m * size.n * size.k;
        const prepare = (parts: number) => productRunner(device, { ...size, m: (size.m * parts) / 8 });
        workloads[name] = await timed({ name, operations, prepare }, "product", 8, counter, options);
      }
    }
  } finally {
    counter.remove();
  }
  return { adapter: device.adapter, host, date: new Date().toISOString(), workloads };
}

async function timed(
  candidate: Candidate,
  about: string,
  parts: number,
  counter: CallCounter,
  { repeats, say }: OwnBenchOptions,
): Promise<WorkloadResult> {
  const [ours] = await compare([candidate], { repeats, parts, counter, say });
  if (ours === undefined || ours instanceof Error) throw ours;
  return { about, operations: candidate.operations, ours, peers: {}, ratio: null };
}
