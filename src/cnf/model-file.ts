/** Flows as safetensors files: θ by name, T, the scaling of the data, and the configuration as metadata. */
import { initialParams, mlp } from "../field/mlp.js";
import type { ParamTensor } from "../field/spec.js";
import type { Device } from "../gpu/device.js";
import { FileFormatError } from "../gpu/errors.js";
import { expectTensor, readSafetensors, writeSafetensors } from "../io/safetensors.js";
import {
  type CnfOptions,
  checkCnf,
  checkStandardisation,
  parseConfig,
  type SavedConfig,
  solverConfig,
} from "./config.js";
import { isFfjord, readFfjord } from "./ffjord.js";
import { cnf, type Flow } from "./flow.js";
import { fromFile } from "./from-file.js";

const FORMAT = "fjordgpu-flow-1";

export type Tensors = Map<string, { shape: number[]; data: Float32Array }>;

/** θ cut into its named tensors, under a prefix. */
export function namedTensors(layout: readonly ParamTensor[], values: Float32Array, prefix = ""): Tensors {
  return new Map(
    layout.map(({ name, shape, offset, size }) => [
      `${prefix}${name}`,
      { shape: [...shape], data: values.slice(offset, offset + size) },
    ]),
  );
}

/** The reverse: θ [P] from named tensors. @throws FileFormatError naming a missing or misshapen tensor */
export function flatTensors(
  file: ReturnType<typeof readSafetensors>,
  layout: readonly ParamTensor[],
  prefix = "",
): Float32Array {
  // Every tensor is found before memory is taken for θ: a damaged file may claim any size.
  const found = layout.map(({ name, shape }) => expectTensor(file, `${prefix}${name}`, [...shape]));
  const values = new Float32Array(found.reduce((sum, { length }) => sum + length, 0));
  layout.forEach(({ offset }, i) => {
    values.set(found[i]!, offset);
  });
  return values;
}

/** What stands in a file beside θ and T. */
type Described = Pick<Flow, "field" | "standardisation" | "solver" | "trainT" | "seed">;

/** Tensors and metadata of a flow; training adds its own. */
export function modelParts(
  flow: Described,
  params: Float32Array,
  T: number,
): { tensors: Tensors; metadata: Record<string, string> } {
  const tensors = namedTensors(flow.field.layout, params);
  tensors.set("sqrt_end_time", { shape: [1], data: new Float32Array([Math.sqrt(T)]) });
  tensors.set("end_time", { shape: [1], data: new Float32Array([T]) });
  if (flow.standardisation) {
    const { mean, std } = flow.standardisation;
    tensors.set("standardisation.mean", { shape: [flow.field.dim], data: mean });
    tensors.set("standardisation.std", { shape: [flow.field.dim], data: std });
  }
  const { dim, hidden, layer, activation, residual } = flow.field.spec;
  const config: SavedConfig = {
    field: { dim, hidden, layer, activation, residual },
    solver: flow.solver,
    trainT: flow.trainT,
    seed: flow.seed,
  };
  return { tensors, metadata: { format: FORMAT, config: JSON.stringify(config) } };
}

/**
 * The file of a flow with these options, without a device: what readModel reads. θ that is not given is that of a new
 * flow. @throws ArgumentError naming a value out of range
 */
export function writeModel(options: CnfOptions): Uint8Array<ArrayBuffer> {
  checkCnf(options);
  const { field, T = 1, trainT = false, seed = 0, standardisation } = options;
  const described = { field, trainT, seed, standardisation, solver: solverConfig(options) };
  const params = options.params ?? initialParams(field.spec, seed);
  const { tensors, metadata } = modelParts(described, params, T);
  return writeSafetensors(tensors, metadata);
}

/**
 * Options that make the flow of a file: one saved here, or a checkpoint of FFJORD's own code (see ffjord.ts).
 * @throws FileFormatError on a cut, foreign or inconsistent file
 */
export function readModel(bytes: Uint8Array): CnfOptions {
  const file = readSafetensors(bytes);
  const format = file.metadata.get("format");
  if (format === undefined && isFfjord(file)) return readFfjord(file);
  if (format !== FORMAT) {
    throw new FileFormatError(
      `The file's format is ${format === undefined ? "not stated" : JSON.stringify(format)}.`,
      `A flow saved by this version says ${FORMAT}.`,
    );
  }
  const config = fromFile(() => parseConfig(file.metadata.get("config") ?? "null"));
  const field = mlp(config.field);
  const params = flatTensors(file, field.layout);
  const T = expectTensor(file, "end_time", [1])[0]!;
  if (!(T > 0)) throw new FileFormatError(`The file's end time is ${T}.`, "It must be above 0.");
  const scaled = file.tensors.has("standardisation.mean");
  const standardisation = scaled && {
    mean: expectTensor(file, "standardisation.mean", [field.dim]),
    std: expectTensor(file, "standardisation.std", [field.dim]),
  };
  if (standardisation) fromFile(() => checkStandardisation(standardisation, field.dim));
  const { solver, trainT, seed } = config;
  return { field, params, T, trainT, seed, ...solver, ...(standardisation && { standardisation }) };
}

/** A flow from a saved file. @throws FileFormatError before anything is made on the GPU */
export async function loadFlow(device: Device, source: Uint8Array | ArrayBuffer): Promise<Flow> {
  return cnf(device, readModel(source instanceof Uint8Array ? source : new Uint8Array(source)));
}
