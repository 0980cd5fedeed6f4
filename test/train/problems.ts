/** Runs of training for the tests of this folder. */
import { type CnfOptions, cnf, type Flow } from "../../src/cnf/index.js";
import { type Dataset, fromPoints, moons } from "../../src/data/index.js";
import { mlp } from "../../src/field/mlp.js";
import { readSafetensors } from "../../src/io/safetensors.js";
import { type TrainOptions, type TrainReport, train } from "../../src/train/index.js";
import { testDevice } from "../support/device.js";
import { numbers } from "../support/tensors.js";

/** 64 moons, all of them to train on. */
export const SMALL_MOONS = moons({ rows: 64, heldOut: 0 });
/** 40 points in four dimensions, with offsets and scales. */
export const FOUR_COLUMNS: Dataset = fromPoints(
  numbers(160, 3).map((v, i) => (1 + (i % 4)) * v + (i % 3)),
  4,
  { heldOutFraction: 0 },
);
export const PLANE = mlp({ dim: 2, hidden: [5] });
export const RK4 = { method: "rk4", steps: 2 } as const;

export interface Trained {
  readonly reports: TrainReport[];
  /** All of the run, one a step. */
  readonly losses: number[];
  /** The flow's when the run had ended. */
  readonly params: Float32Array;
  readonly T: number;
  readonly checkpoint: Uint8Array;
}

/** Trains a new flow, or the one given (which then lives on), to the end. */
export async function trained(
  flow: CnfOptions | Flow,
  data: Dataset,
  options: TrainOptions,
): Promise<Trained> {
  const own = !("save" in flow);
  const subject = own ? cnf(await testDevice(), flow) : flow;
  try {
    const run = train(subject, data, options);
    const reports: TrainReport[] = [];
    for await (const report of run) reports.push(report);
    const losses = reports.flatMap((report) => [...report.losses]);
    const [params, T, checkpoint] = await Promise.all([subject.params(), subject.T(), run.checkpoint()]);
    return { reports, losses, params, T, checkpoint };
  } finally {
    if (own) subject.dispose();
  }
}

/** A tensor of a checkpoint. */
export function tensorOf(checkpoint: Uint8Array, name: string): Float32Array {
  return readSafetensors(checkpoint).tensors.get(name)!.data;
}

/** The state a run goes on from: θ as trained with τ, the moments, the average (empty where none is kept). */
export function stateOf(checkpoint: Uint8Array) {
  const { tensors, metadata } = readSafetensors(checkpoint);
  const get = (name: string) => tensors.get(`training.${name}`)?.data ?? new Float32Array();
  const { step } = JSON.parse(metadata.get("training")!) as { step: number };
  return { step, trained: get("trained"), m: get("m"), v: get("v"), average: get("average") };
}
