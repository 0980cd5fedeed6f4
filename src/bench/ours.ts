/** The benchmark without peers: for the command line and the engine page, on whatever adapter a person has. */
import { ArgumentError, DeviceLostError, integerIn, oneOf } from "../gpu/errors.js";
import type { AdapterSummary, Device } from "../index.js";
import { CallCounter, type WebGPUScope } from "./calls.js";
import { productRunner, workloadRunner } from "./engine.js";
import type { BenchReport, WorkloadResult } from "./report.js";
import { type Candidate, compare } from "./timing.js";
import { FLOW_WORKLOADS, PRODUCT_SIZES, productName, workloadOperations } from "./workloads.js";

/** In the order in which they are measured. */
export const WORKLOADS = ["W0", "W1", "W1a", "W2", "W3", "W4", "M"] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

export interface BenchOptions {
  /** Default: those of `defaultWorkloads`. */
  readonly only?: readonly WorkloadName[];
  /** Of calls up to 5 s, 1 to 1000; longer ones have at most 3. Default 7. */
  readonly repeats?: number;
  /** Where it runs, for the report, e.g. "Node 20.19". */
  readonly host: string;
  /** Called with a line of text whenever a workload is compiled and about to be timed. */
  readonly say?: (text: string) => void;
}

export interface OwnReport extends BenchReport {
  /** Why a workload could not be measured, e.g. for lack of memory, by the name it would have in `workloads`. */
  readonly failures: Readonly<Record<string, string>>;
}

/** All on a GPU; without W4 on a software adapter, where it takes minutes by itself. */
export function defaultWorkloads({ isSoftware }: Pick<AdapterSummary, "isSoftware">): WorkloadName[] {
  return WORKLOADS.filter((name) => !isSoftware || name !== "W4");
}

/** What a workload is, in words, and the names of its results: "M" has one for each size of its product. */
export function describeWorkload(name: WorkloadName): { about: string; results: string[] } {
  if (name === "M") return { about: "products of matrices", results: PRODUCT_SIZES.map(resultName) };
  return { about: FLOW_WORKLOADS.find((workload) => workload.name === name)!.about, results: [name] };
}

const resultName = (size: (typeof PRODUCT_SIZES)[number]) => `M ${productName(size)}`;

/**
 * Times the workloads one after the other. One that fails is told in `failures`, and the others go on.
 * @throws ArgumentError for an unknown or empty `only`, or `repeats` out of range
 * @throws DeviceLostError
 */
export async function bench(device: Device, options: BenchOptions): Promise<OwnReport> {
  const only = (options.only ?? defaultWorkloads(device.adapter)).map((name) =>
    oneOf("only", name, WORKLOADS),
  );
  if (only.length === 0) throw new ArgumentError("only has no workload.");
  const repeats = integerIn("repeats", options.repeats ?? 7, 1, 1000);
  const say = options.say ?? (() => {});
  const counter = new CallCounter(globalThis as WebGPUScope);
  const workloads: Record<string, WorkloadResult> = {};
  const failures: Record<string, string> = {};
  try {
    for (const { candidate, about, parts } of candidatesOf(device, only)) {
      const { name, operations } = candidate;
      const ours = await compare([candidate], { repeats, parts, counter, say }).then(
        ([entry]) => entry!,
        (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
      );
      if (ours instanceof DeviceLostError) throw ours;
      if (ours instanceof Error) failures[name] = ours.message;
      else workloads[name] = { about, operations, ours, peers: {}, ratio: null };
    }
  } finally {
    counter.remove();
  }
  const { adapter } = device;
  return { adapter, host: options.host, date: new Date().toISOString(), workloads, failures };
}

interface Planned {
  readonly candidate: Candidate;
  readonly about: string;
  readonly parts: number;
}

function candidatesOf(device: Device, only: readonly WorkloadName[]): Planned[] {
  const flows = FLOW_WORKLOADS.filter(({ name }) => (only as readonly string[]).includes(name)).map(
    (workload): Planned => {
      const { name, about, shape } = workload;
      const operations = workloadOperations(workload);
      const prepare = async (parts: number) =>
        workloadRunner(device, workload, Math.min(parts, shape.rkSteps));
      return { candidate: { name, operations, prepare }, about, parts: Math.max(1, shape.rkSteps) };
    },
  );
  const products = only.includes("M") ? PRODUCT_SIZES : [];
  return [
    ...flows,
    ...products.map((size): Planned => {
      const operations = 2 * size.m * size.n * size.k;
      const prepare = (parts: number) => productRunner(device, { ...size, m: (size.m * parts) / 8 });
      return { candidate: { name: resultName(size), operations, prepare }, about: "product", parts: 8 };
    }),
  ];
}
