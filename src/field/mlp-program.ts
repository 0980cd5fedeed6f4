/**
 * The MLP field on the GPU: arenas for one batch shape and the commands of a forward evaluation.
 *
 * Rows are (slot, sample): slot 0 the value, then M state tangents, then K probes of the trace; every layer is one
 * product over all of them. An arena holds all layers, so that one binding serves all (src/field/arenas.ts); it may have
 * places for several stages of a step, whose weight gradients are then summed at once.
 * B batch, D state, S = 1 + M + K slots, p_l padded width.
 */
import { forward as forwardModule } from "../generated/field/forward.js";
import { time as timeModule } from "../generated/field/time.js";
import { trace as traceModule } from "../generated/field/trace.js";
import { alignWords, type Bindable, type Buffer, BufferGroup, type BufferView } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { FjordError } from "../gpu/errors.js";
import { type Command, foldedGrid } from "../gpu/submit.js";
import { layeredForm, type ProductForm } from "../ode/calibration.js";
import { type ArenaPlan, type ArenaShape, arenaPlan } from "./arenas.js";
import type { PackedLayer } from "./packing.js";
import { padded } from "./packing.js";
import type { FieldProgram, Planes, StagePlace } from "./program.js";
import { ACTIVATIONS } from "./spec.js";
import type { Weights } from "./weights.js";

export interface MlpShape {
  /** B ≥ 1. */
  readonly batch: number;
  /** M: tangents that are part of the solver's state. */
  readonly tangents: number;
  /** K: probes that stay fixed through the solve. */
  readonly probes: number;
  /** Weight of the sum over probes: 1 (exact) or 1/n (Hutchinson). */
  readonly traceWeight: number;
  /** Keep pre-activations for a reverse sweep. */
  readonly store: boolean;
  /** One more plane of state after the probes: the cotangent of the continuous adjoint. */
  readonly cotangentPlane: boolean;
  /** Places for the inputs of layers and the time vectors of that many stages (default 1). */
  readonly stages?: number;
  /** Of the products; default what suits the device. */
  readonly form?: ProductForm;
}

export class MlpProgram implements FieldProgram {
  readonly batch: number;
  readonly dim: number;
  readonly slots: number;
  readonly ld: number;
  readonly input: Planes;
  readonly output: Planes;
  /** First word of the K probe planes in `acts`. */
  readonly probesAt: number;
  /** First word of their images J e_k. */
  readonly imagesAt: number;
  /** vec4 of the time vectors of one place. */
  readonly times4: number;
  /** By place. */
  readonly #layers: (readonly Command[])[] = [];

  private constructor(
    readonly device: Device,
    readonly weights: Weights,
    readonly shape: MlpShape,
    readonly control: Bindable,
    readonly plan: ArenaPlan,
    /** Products go in strips where they fit (formOf). */
    readonly strips: boolean,
    readonly acts: Buffer,
    readonly pre: Buffer,
    /** Per place vec4 [2][V]: gain and offset of every column at the stage's time. */
    readonly times: Buffer,
    private readonly buffers: BufferGroup,
    private readonly kernels: Kernels,
  ) {
    const { layers, spec } = weights.packing;
    this.batch = shape.batch;
    this.dim = spec.dim;
    this.slots = slotsOf(shape);
    this.ld = padded(spec.dim);
    this.times4 = timesWords(weights) / 4;
    const plane = shape.batch * this.ld;
    const at = (start: number, stages: number): Planes => {
      const place = { buffer: acts, at: start, ld: this.ld };
      // With a cotangent the solver's second plane is the one behind all stages.
      const behind = stages * plan.rows * this.ld;
      if (shape.cotangentPlane) return { ...place, plane: behind, size: behind + plane };
      return { ...place, plane, size: this.slots * plane };
    };
    this.input = at(plan.acts[0]!, shape.stages ?? 1);
    this.output = at(plan.acts[layers.length]!, 1);
    this.probesAt = this.input.at + (1 + shape.tangents) * plane;
    this.imagesAt = this.output.at + (1 + shape.tangents) * plane;
  }

  /** @throws FjordError `limit-exceeded` when the batch does not fit, naming the size that would. */
  static async create(
    device: Device,
    weights: Weights,
    shape: MlpShape,
    control: Bindable,
  ): Promise<MlpProgram> {
    const arenas = { ...shape, slots: slotsOf(shape) };
    const plan = arenaPlan(weights.packing, arenas);
    checkFits(device, weights, plan, arenas);
    const strips = (shape.form ?? (await layeredForm(device, weights.packing))) === "strip";
    const kernels = await loadKernels(device, weights, shape, plan, strips);
    return BufferGroup.filled(async (buffers) => {
      const make = (label: string, words: number) => buffers.add(device.buffer({ label, size: words * 4 }));
      const acts = make("activations", plan.actsSize);
      const pre = make("pre-activations", plan.preSize);
      const times = make("time vectors", (shape.stages ?? 1) * timesWords(weights));
      return new MlpProgram(
        device,
        weights,
        shape,
        control,
        plan,
        strips,
        acts,
        pre,
        times,
        buffers,
        kernels,
      );
    });
  }

  /** @param place of the stage in the arenas */
  evaluate(stage: StagePlace, place = 0): Command[] {
    const commands = [...this.timeVectors(stage.c, place), ...this.layers(place)];
    if (stage.minusTrace) commands.push(this.#trace(stage.minusTrace));
    return commands;
  }

  /** s and c of every column at t + c h. */
  timeVectors(c: number, place = 0): Command[] {
    const { weights, control } = this;
    const { columns, vectorsAt, spec } = weights.packing;
    const gated = spec.layer === "squash" || spec.layer === "concatsquash" ? 1 : 0;
    const params = { columns4: columns / 4, vectors4: vectorsAt / 4, gated, c };
    const grid = foldedGrid(Math.ceil(columns / 4 / 64));
    const times = this.timesOf(place);
    return [this.kernels.time.bind({ params, control, packed: weights.packed, times }, grid)];
  }

  /** The time vectors of a place. */
  timesOf(place: number): Bindable {
    return this.times.words(place * 4 * this.times4, 2 * this.weights.packing.columns);
  }

  /** First word of rows of `width` words in a section of an arena that starts at `at`. */
  placeIn(at: number, place: number, width: number): number {
    return at + place * this.plan.rows * width;
  }

  /** The points of the field at a place. */
  inputOf(place: number): Planes {
    const { input, ld, batch } = this;
    return { ...input, at: this.placeIn(input.at, place, ld), size: batch * ld };
  }

  /** The K probe planes of a place. */
  probesOf(place: number): BufferView {
    const { acts, batch, ld, shape } = this;
    return acts.words(this.placeIn(this.probesAt, place, ld), shape.probes * batch * ld);
  }

  /** The products of all layers, at the time of the place's last timeVectors(): the same commands for every stage there. */
  layers(place = 0): readonly Command[] {
    const { layers } = this.weights.packing;
    this.#layers[place] ??= layers.map((layer) =>
      this.#layer(layer, layer.index === layers.length - 1, place),
    );
    return this.#layers[place];
  }

  #layer(layer: PackedLayer, last: boolean, place: number): Command {
    const { packing, packed } = this.weights;
    const { batch, plan, slots } = this;
    const form = formOf(this.strips, layer.outPadded);
    const params = {
      samples: batch,
      slots,
      in4: layer.inPadded / 4,
      out4: layer.outPadded / 4,
      x_at: this.placeIn(plan.acts[layer.index]!, place, layer.inPadded) / 4,
      x_plane: (batch * layer.inPadded) / 4,
      y_at: this.placeIn(plan.acts[layer.index + 1]!, last ? 0 : place, layer.outPadded) / 4,
      y_plane: (batch * layer.outPadded) / 4,
      u_at: plan.pre[layer.index]! / 4,
      w_at: layer.forwardAt / 4,
      v_at: layer.vectorAt / 4,
      columns4: packing.columns / 4,
      residual: last && packing.spec.residual ? 1 : 0,
      input_at: this.placeIn(plan.acts[0]!, place, this.ld) / 4,
      input_plane: (batch * this.ld) / 4,
      beta_at: packing.betaAt,
    };
    const { control, acts, pre } = this;
    const times = this.timesOf(place);
    const kernel = last ? this.kernels.last : this.kernels.hidden.get(form)!;
    const grid = layerGrid(form, batch, slots, layer.outPadded);
    return kernel.bind({ params, control, packed, times, acts, pre }, grid);
  }

  #trace(derivative: Bindable): Command {
    const params = {
      samples: this.batch,
      probes: this.shape.probes,
      ld4: this.ld / 4,
      probe_at: this.probesAt / 4,
      image_at: this.imagesAt / 4,
      weight: this.shape.traceWeight,
    };
    const grid = foldedGrid(Math.ceil(this.batch / 64));
    return this.kernels.trace.bind({ params, control: this.control, acts: this.acts, derivative }, grid);
  }

  dispose(): void {
    this.buffers.dispose();
  }
}

/**
 * How the product of one layer is laid out: 8 rows by 4 or 8 columns an invocation, or strips of 8 rows by 16 columns a
 * workgroup, for adapters whose subgroups are 4 wide (see shaders/field/forward.wgsl and forward_strip.wgsl).
 */
export type LayerForm = "narrow" | "wide" | "strip";

/** @param width of what the product's lanes run over: outputs of a forward layer, inputs of a reverse one */
export function formOf(strips: boolean, width: number): LayerForm {
  if (strips && width >= STRIP_WIDTH) return "strip";
  return width <= 4 ? "narrow" : "wide";
}

/** Strips are 16 wide: below this, their idle columns cost more than they save. */
const STRIP_WIDTH = 16;

/** vec4 columns an invocation owns. */
export const columnsOf = (form: LayerForm): 1 | 2 => (form === "narrow" ? 1 : 2);
/** Slots per pass of the kernels that are no strips. */
export const slotsPerPass = (slots: number): 1 | 2 => (slots % 2 === 0 ? 2 : 1);
/** 1 when all slots fit into one pass; the kernels only tell one from many. */
export const passes = (slots: number): 1 | 2 => (slots <= slotsPerPass(slots) ? 1 : 2);

/** Workgroups: of one strip each, or of 32 invocations with 8 rows × 4·columns columns. */
export function layerGrid(
  form: LayerForm,
  batch: number,
  slots: number,
  width: number,
): [number, number, number] {
  if (form === "strip") return foldedGrid(Math.ceil(batch / 8) * Math.ceil(width / 16));
  const samples = Math.ceil(batch / (8 / slotsPerPass(slots)));
  const columns = Math.ceil(width / 4 / columnsOf(form));
  return foldedGrid(Math.ceil((samples * columns) / 32));
}

type Kernels = Awaited<ReturnType<typeof loadKernels>>;

async function loadKernels(
  device: Device,
  { packing: { layers, spec, packedSize } }: Weights,
  shape: MlpShape,
  plan: ArenaPlan,
  strips: boolean,
) {
  const slots = slotsOf(shape);
  const STORE = shape.store ? 1 : 0;
  const sizes = { ACTS4: plan.actsSize / 4, PRE4: plan.preSize / 4, PACKED4: packedSize / 4 };
  const load = async (form: LayerForm, activation: (typeof ACTIVATIONS)[number]) => {
    const ACTIVATION = ACTIVATIONS.indexOf(activation);
    if (form === "strip") {
      const { forwardStrip } = await import("../generated/field/forward_strip.js");
      return device.kernel(forwardStrip, "main", { ACTIVATION, STORE, ...sizes });
    }
    const tiling = { SLOTS: slotsPerPass(slots), PASSES: passes(slots), COLUMNS: columnsOf(form) };
    return device.kernel(forwardModule, "main", { ACTIVATION, STORE, ...tiling });
  };
  const forms = layers.map(({ outPadded }) => formOf(strips, outPadded));
  const ofHidden = [...new Set(forms.slice(0, -1))];
  const [time, trace, last, ...hidden] = await Promise.all([
    device.kernel(timeModule, "main"),
    device.kernel(traceModule, "main"),
    load(forms[forms.length - 1]!, "identity"),
    ...ofHidden.map((form) => load(form, spec.activation)),
  ]);
  return { time, trace, last, hidden: new Map(ofHidden.map((form, i) => [form, hidden[i]!])) };
}

/** 1 + M + K. */
const slotsOf = ({ tangents, probes }: MlpShape): number => 1 + tangents + probes;

/** Words of the time vectors of one place: such that they can be bound on their own. */
const timesWords = ({ packing }: Weights): number => alignWords(2 * packing.columns);

function checkFits(device: Device, { packing }: Weights, plan: ArenaPlan, shape: ArenaShape): void {
  const most = bindable(device);
  const bytes = ({ actsSize, preSize }: ArenaPlan) => 4 * Math.max(actsSize, preSize);
  if (bytes(plan) <= most) return;
  let fits = Math.max(1, Math.floor((shape.batch * most) / bytes(plan)));
  // Sections are rounded up: the last rows may not find room.
  while (fits > 1 && bytes(arenaPlan(packing, { ...shape, batch: fits })) > most) fits--;
  throw new FjordError(
    "limit-exceeded",
    `A batch of ${shape.batch} needs a buffer of ${bytes(plan)} bytes; this device takes at most ${most}.`,
    `A batch of ${fits} fits.`,
  );
}

/** Bytes of the largest buffer that a kernel can have as a whole. */
export const bindable = ({ limits }: Device): number =>
  Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
