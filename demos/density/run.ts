/** What the library makes of a configuration: the flow, the data it learns, and the model that is saved. */
import {
  type CnfOptions,
  cnf,
  type Device,
  data,
  type Flow,
  mlp,
  readModel,
  type StepOptions,
  writeModel,
} from "fjordgpu";
import { ADAPTIVE, type Config, heldOutRows } from "./config.js";
import type { Beginning } from "./protocol.js";
import { noiseOf, OWN, type OwnData, ownData } from "./sets.js";

/** Densities that a run is going to have, at least: those of a pause. Kernels of their own make each several times as fast. */
const DENSITIES = 130;

/** @throws ArgumentError, FileFormatError for a beginning that is no model */
export function flowOf(device: Device, config: Config, beginning: Beginning | undefined): Flow {
  return cnf(device, { ...optionsOf(config, beginning), uses: DENSITIES });
}

/** @throws ArgumentError, FileFormatError for a beginning that is no model */
export function optionsOf(config: Config, beginning: Beginning | undefined): CnfOptions {
  const solver = solverOf(config);
  if (!beginning) {
    const { hidden, layer, activation, T, seed } = config;
    const field = mlp({ dim: 2, hidden: hidden.split("-").map(Number), layer, activation });
    return { field, seed, T, ...solver };
  }
  const { field, params, T, trainT, seed, standardisation } = readModel(beginning.bytes);
  const scaling = beginning.resume ? standardisation : inPicture(standardisation, ownScaling(config));
  return { field, params, T, trainT, seed, ...solver, ...(scaling && { standardisation: scaling }) };
}

export function solverOf({
  solver,
  solverSteps,
  rtol,
}: Pick<Config, "solver" | "solverSteps" | "rtol">): StepOptions {
  return ADAPTIVE.includes(solver)
    ? { method: solver, rtol, atol: rtol }
    : { method: solver, steps: solverSteps };
}

/** @param mostHeldOut of the held-out points, as many are looked at */
export function datasetOf(config: Config, mostHeldOut: number): data.Dataset {
  const { set, rows, heldOut, seed } = config;
  const own = set === OWN ? ownData() : undefined;
  const all = own
    ? data.fromPoints(own.points, 2, { name: own.title, heldOutFraction: heldOut, seed })
    : data.toyDataset(set, { rows, heldOut: heldOutRows(config), seed, noise: noiseOf(config) });
  return { ...all, heldOut: all.heldOut.slice(0, 2 * mostHeldOut) };
}

type Scaling = NonNullable<CnfOptions["standardisation"]>;

type Learned = Pick<Flow, "field" | "solver" | "seed" | "trainT" | "standardisation" | "params" | "T">;

/** The flow as a model file in the units of the data: of the file that they came from, if they came from one. */
export async function modelOf(flow: Learned, config: Config): Promise<Uint8Array> {
  const outer = ownScaling(config);
  const { field, solver, seed, trainT, standardisation: inner } = flow;
  const scaling = outer
    ? {
        mean: outer.mean.map((mean, i) => mean + outer.std[i]! * (inner?.mean[i] ?? 0)),
        std: outer.std.map((std, i) => std * (inner?.std[i] ?? 1)),
      }
    : inner;
  const [params, T] = await Promise.all([flow.params(), flow.T()]);
  return writeModel({
    ...solver,
    field,
    params,
    T,
    trainT,
    seed,
    ...(scaling && { standardisation: scaling }),
  });
}

function ownScaling({ set }: Config): Scaling | undefined {
  const scaling: OwnData["scaling"] = set === OWN ? ownData()?.scaling : undefined;
  return scaling && { mean: Float32Array.from(scaling.mean), std: Float32Array.from(scaling.std) };
}

/** The scaling of a model in the units of the data, as one of the picture's coordinates: the reverse of modelOf. */
function inPicture(inner: Scaling | undefined, outer: Scaling | undefined): Scaling | undefined {
  if (!outer) return inner;
  return {
    mean: outer.mean.map((mean, i) => ((inner?.mean[i] ?? 0) - mean) / outer.std[i]!),
    std: outer.std.map((std, i) => (inner?.std[i] ?? 1) / std),
  };
}
