/**
 * Checkpoints of FFJORD's own code (github.com/rtqichen/ffjord, train_toy.py and train_tabular.py) as flows. Its
 * conventions are those of this library: data at t = 0, N(0, I) at T = sqrt_end_time², log p = log p(z) + ∫ tr ∂f/∂z dt.
 * A state dict names neither the activation, unless that is swish with its β, nor whether the field is residual: the
 * metadata of the file must, under the names of the scripts' options (`nonlinearity`, `residual`, `train_T`).
 */
import { mlp } from "../field/mlp.js";
import { ACTIVATIONS, type Activation, type LayerType, type MlpOptions } from "../field/spec.js";
import { FileFormatError, oneOf } from "../gpu/errors.js";
import { expectTensor, type TensorFile } from "../io/safetensors.js";
import type { CnfOptions } from "./config.js";
import { fromFile } from "./from-file.js";

const BLOCK = /^chain\.(\d+)\./;
const READ = "Read are ignore, concat, concat_v2, squash and concatsquash, without spectral norm.";

export function isFfjord({ tensors }: TensorFile): boolean {
  return [...tensors.keys()].some((name) => BLOCK.test(name));
}

/**
 * Options that make the checkpoint's flow, solved as FFJORD does by default (dopri5 at 1e-5).
 * @throws FileFormatError for several blocks, batch normalisation, other layers, or an activation that is not named
 */
export function readFfjord(file: TensorFile): CnfOptions {
  const block = onlyBlock(file);
  // Training with regularisers wraps the function once more.
  const [wrapped, plain] = [`${block}odefunc.odefunc.`, `${block}odefunc.`];
  const root = [...file.tensors.keys()].some((name) => name.startsWith(wrapped)) ? wrapped : plain;
  const layers = `${root}diffeq.layers.`;
  const betas = [...file.tensors.keys()].filter((name) => name.startsWith(`${root}diffeq.activation_fns.`));

  const options = fieldOf(file, layers, betas.length > 0);
  const field = fromFile(() => mlp(options));
  const params = new Float32Array(field.paramCount);
  const known = new Set([`${block}sqrt_end_time`, `${root}_num_evals`, ...betas]);
  const gate = field.spec.layer === "squash" ? "_hyper" : "_hyper_gate";
  const theirs: Record<string, string> = {
    W: "_layer.weight",
    b: "_layer.bias",
    Wg: `${gate}.weight`,
    bg: `${gate}.bias`,
    Wb: "_hyper_bias.weight",
  };
  for (const { name, shape, offset } of field.layout) {
    if (name === "swish_beta") {
      params[offset] = onlyBeta(file, betas);
      continue;
    }
    const [, index, short] = name.split(".") as [string, string, string];
    const full = `${layers}${index}.${theirs[short]}`;
    // Gate and time bias are linear in t alone: a column there, a vector here.
    params.set(expectTensor(file, full, /^W[gb]$/.test(short) ? [...shape, 1] : shape), offset);
    known.add(full);
  }
  const unread = [...file.tensors.keys()].find((name) => !known.has(name));
  if (unread) throw new FileFormatError(`Tensor "${unread}" belongs to no layer type that is read.`, READ);

  const T = expectTensor(file, `${block}sqrt_end_time`, [])[0]! ** 2;
  if (!(T > 0)) throw new FileFormatError(`The checkpoint's end time is ${T}.`, "It must be above 0.");
  const trainT = file.metadata.get("train_T") === "True";
  return { field, params, T, trainT, method: "dopri5", rtol: 1e-5, atol: 1e-5 };
}

/** "chain.0.": where the one CNF of the chain stands. */
function onlyBlock({ tensors }: TensorFile): string {
  const names = [...tensors.keys()].filter((name) => BLOCK.test(name));
  if (names.some((name) => name.endsWith(".running_mean"))) {
    throw new FileFormatError(
      "The checkpoint has batch normalisation between its blocks.",
      "A flow here has none: train with --batch_norm False.",
    );
  }
  const blocks = new Set(names.map((name) => BLOCK.exec(name)![0]));
  if (blocks.size > 1) {
    throw new FileFormatError(
      `The checkpoint is a chain of ${blocks.size} blocks.`,
      "A flow here has one field: train with --num_blocks 1.",
    );
  }
  return [...blocks][0]!;
}

/** Sizes and layer type, as the tensors show them; the rest as the metadata has it. */
function fieldOf(file: TensorFile, layers: string, hasBeta: boolean): MlpOptions {
  const shapes: number[][] = [];
  for (let at = 0; ; at++) {
    const found = file.tensors.get(`${layers}${at}._layer.weight`);
    if (!found) break;
    shapes.push(found.shape);
  }
  if (shapes.length === 0 || shapes.some(({ length }) => length !== 2)) {
    throw new FileFormatError("The checkpoint's layers are of a type that is not read.", READ);
  }
  const sizes = shapes.map(([out]) => out!);
  const dim = sizes.pop()!;
  const has = (part: string) => file.tensors.has(`${layers}0.${part}.weight`);
  let layer: LayerType = shapes[0]![1] === dim + 1 ? "concat" : "ignore";
  if (has("_hyper")) layer = "squash";
  else if (has("_hyper_gate")) layer = "concatsquash";
  else if (has("_hyper_bias")) layer = "concat_v2";
  const activation = hasBeta ? "swish" : activationOf(file);
  return { dim, hidden: sizes, layer, activation, residual: file.metadata.get("residual") === "True" };
}

function activationOf({ metadata }: TensorFile): Activation {
  const name = metadata.get("nonlinearity");
  if (name === undefined) {
    throw new FileFormatError(
      "The file does not say which activation the checkpoint has.",
      'A state dict does not either: save it with metadata={"nonlinearity": "tanh"}, or whichever it was trained with.',
    );
  }
  return fromFile(() => oneOf("nonlinearity", name, ACTIVATIONS));
}

/** Of swish: FFJORD has one for all layers, which its state dict repeats. */
function onlyBeta(file: TensorFile, names: readonly string[]): number {
  const values = new Set(names.map((name) => expectTensor(file, name, [])[0]!));
  if (values.size > 1) {
    throw new FileFormatError("The checkpoint's layers have a β of swish each.", "A field here has one.");
  }
  return [...values][0]!;
}
