/** What the engine page and its worker say to each other. Every message also carries a run number. */
import type { AdapterSummary } from "fjordgpu";
import type { OwnReport, WorkloadName } from "fjordgpu/bench";
import type { Failure } from "../shared/failure.js";

export const GROUPS = ["arithmetic", "activations", "tensors", "fields", "solves", "gradients"] as const;
export type Group = (typeof GROUPS)[number];

/** What an error is measured in; see the table's foot for what each means. */
export type Unit = "ULP" | "relative" | "differing";

export type Command =
  /** Open the device and describe it. */
  | { readonly type: "describe" }
  /** Run the self-test of these groups. */
  | { readonly type: "test"; readonly groups: readonly Group[] }
  /** Measure single operations; `brief` takes small sizes and one repetition. */
  | { readonly type: "measure"; readonly brief: boolean }
  /** Run these workloads of the benchmark; `brief` takes one repeat. */
  | {
      readonly type: "bench";
      readonly only: readonly WorkloadName[];
      readonly host: string;
      readonly brief: boolean;
    };

export interface Described {
  readonly type: "described";
  readonly adapter: AdapterSummary;
  readonly limits: readonly Limit[];
  readonly features: readonly string[];
}

export interface Limit {
  readonly name: string;
  /** Of the device as this library opens it. */
  readonly inUse: number;
  /** Of the adapter: what could be asked for. */
  readonly offered: number;
}

export interface Checked {
  readonly type: "checked";
  readonly group: Group;
  readonly name: string;
  readonly unit: Unit;
  /** The largest error found; NaN where the check itself failed. */
  readonly error: number;
  readonly bound: number;
  /** Numbers compared. */
  readonly compared: number;
  /** Why the check could not be carried out. */
  readonly failure?: string;
}

export interface Measured {
  readonly type: "measured";
  readonly name: string;
  readonly size: string;
  /** Median of the repetitions. */
  readonly milliseconds: number;
  readonly repetitions: number;
  /** How much work per second, with its unit. */
  readonly rate: number;
  readonly unit: string;
}

export type Event =
  | Described
  | Checked
  | Measured
  | { readonly type: "tested"; readonly milliseconds: number }
  | { readonly type: "measuredAll"; readonly milliseconds: number }
  /** A workload is being prepared, or, with `text`, about to be timed. */
  | { readonly type: "benching"; readonly name: WorkloadName; readonly text: string }
  /** One workload of the benchmark is done. */
  | { readonly type: "benched"; readonly report: OwnReport }
  | { readonly type: "benchedAll"; readonly milliseconds: number }
  | { readonly type: "failed"; readonly failure: Failure };

export function passed({ error, bound }: Checked): boolean {
  return error <= bound;
}
