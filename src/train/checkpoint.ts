/** Checkpoints: a model file with the optimiser's state beside it, from which a run continues bit for bit. */
import { parseConfig } from "../cnf/config.js";
import type { Flow } from "../cnf/flow.js";
import { modelParts, readModel } from "../cnf/model-file.js";
import { FileFormatError } from "../gpu/errors.js";
import { expectTensor, readSafetensors, writeSafetensors } from "../io/safetensors.js";
import type { Layouts } from "./layouts.js";
import type { TrainPlan } from "./options.js";
import { PHASES, type PhaseName } from "./phase.js";

/** Everything of a run that is not a function of its options. */
export interface Snapshot {
  readonly phase: PhaseName;
  /** Steps of the phase taken. */
  readonly step: number;
  /** [P + 1]: θ as trained (not its average) and τ = √T. */
  readonly trained: Float32Array;
  /** [P]; [P + 1] in the likelihood phase, where the end time is trained. */
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** Empty where none is kept. */
  readonly average: Float32Array;
  /** How its solves are laid out; files from before they were kept have none. */
  readonly layouts?: Layouts;
}

const KEY = "training";

/** T = τ² of trained parameters, in f32 as the GPU computes it. */
export function endTime(trained: Float32Array, flow: Flow): number {
  return Math.fround(trained[flow.field.paramCount]! ** 2);
}

/** @param T end of the flow's interval, where it is not trained */
export function writeCheckpoint(flow: Flow, T: number, plan: TrainPlan, snapshot: Snapshot): Uint8Array {
  const { phase, step, trained, m, v, average, layouts } = snapshot;
  const best = average.length > 0 ? average : trained;
  const params = best.slice(0, flow.field.paramCount);
  const { tensors, metadata } = modelParts(flow, params, flow.trainT ? endTime(best, flow) : T);
  const add = (name: string, data: Float32Array) =>
    tensors.set(`training.${name}`, { shape: [data.length], data });
  add("trained", trained);
  add("m", m);
  add("v", v);
  if (average.length > 0) add("average", average);
  return writeSafetensors(tensors, { ...metadata, [KEY]: JSON.stringify({ phase, step, plan, layouts }) });
}

export interface Checkpoint {
  readonly plan: Partial<TrainPlan>;
  readonly snapshot: Snapshot;
  readonly model: ReturnType<typeof readModel>;
}

/** @throws FileFormatError when the file is cut, of another model, or a model without a training state */
export function readCheckpoint(bytes: Uint8Array, flow: Flow): Checkpoint {
  const model = readModel(bytes);
  const file = readSafetensors(bytes);
  const text = file.metadata.get(KEY);
  if (text === undefined) {
    throw new FileFormatError(
      "The file is a model without a training state.",
      "Resume from a checkpoint of a run.",
    );
  }
  const config = parseConfig(file.metadata.get("config") ?? "null");
  const { dim, hidden, layer, activation, residual } = flow.field.spec;
  const same = JSON.stringify({ dim, hidden, layer, activation, residual });
  if (JSON.stringify(config.field) !== same) {
    throw new FileFormatError(
      `The checkpoint's field is ${JSON.stringify(config.field)}, the flow's ${same}.`,
      "Make the flow with loadFlow from the same file.",
    );
  }
  if (config.trainT !== flow.trainT) {
    throw new FileFormatError(
      `The checkpoint was trained with trainT ${config.trainT}, the flow has ${flow.trainT}.`,
      "Make the flow with loadFlow from the same file.",
    );
  }
  const { phase, step, plan, layouts } = readTraining(text);
  const count = flow.field.paramCount;
  const moments = count + (config.trainT && phase === "likelihood" ? 1 : 0);
  const average = file.tensors.has("training.average")
    ? expectTensor(file, "training.average", [moments])
    : new Float32Array();
  const trained = expectTensor(file, "training.trained", [count + 1]);
  const m = expectTensor(file, "training.m", [moments]);
  const v = expectTensor(file, "training.v", [moments]);
  return { plan, model, snapshot: { phase, step, trained, m, v, average, layouts } };
}

interface Training {
  readonly phase: PhaseName;
  readonly step: number;
  readonly plan: Partial<TrainPlan>;
  readonly layouts?: Layouts;
}

function readTraining(text: string): Training {
  try {
    // Files without a phase are from before there were two.
    const { phase = "likelihood", step, plan, layouts } = JSON.parse(text) as Training;
    const known = PHASES.includes(phase) && Number.isInteger(step) && step >= 0;
    if (known && typeof plan === "object" && plan !== null && (phase === "likelihood" || plan.warmStart))
      return { phase, step, plan, layouts };
  } catch {
    // Falls through to the one error for whatever is wrong with the text.
  }
  throw new FileFormatError("The checkpoint's training state cannot be read.", "Use an earlier checkpoint.");
}
