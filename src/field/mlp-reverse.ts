/**
 * The reverse sweep of an MLP field through value and tangents, and the parameter gradients it leaves behind.
 *
 * Seeds go to `seed` (the last layer's cotangents, slot 0 the value's, then the tangents'); ∂/∂z of the scalar
 * appears in `gradient`; θ̄ and the time sums collect in chunks that `reduce` adds at the end. The sums over the rows of
 * weights can wait until several stages have been swept, each at its place in the arenas: one dispatch then reads and writes
 * the chunks once for all of them. Those of the vectors differ in t and are added stage by stage.
 */
import { biasGrad as biasGradModule } from "../generated/field/bias_grad.js";
import { reduceGrad as reduceGradModule } from "../generated/field/reduce_grad.js";
import { reverse as reverseModule } from "../generated/field/reverse.js";
import { seed as seedModule } from "../generated/field/seed.js";
import { weightGrad as weightGradModule } from "../generated/field/weight_grad.js";
import { type Bindable, type Buffer, BufferGroup } from "../gpu/buffer.js";
import { type Command, clear, foldedGrid } from "../gpu/submit.js";
import { type Regularisers, regulariserShares } from "../ode/regularise.js";
import { type CotangentPlan, cotangentPlan } from "./arenas.js";
import {
  columnsOf,
  formOf,
  type LayerForm,
  layerGrid,
  type MlpProgram,
  passes,
  slotsPerPass,
} from "./mlp-program.js";
import type { PackedLayer } from "./packing.js";
import type { Planes } from "./program.js";
import { reduceGradient } from "./reduce-gradient.js";
import { ACTIVATIONS } from "./spec.js";

export interface ReverseOptions {
  /** Sign of the gradient handed to the solver: −1 for the continuous adjoint (da/dt = −∂g/∂z). */
  readonly sign: 1 | -1;
  /** Stages count with h b (a quadrature) instead of 1 (seeds that carry their weight). */
  readonly quadrature: boolean;
  /** Steps may be rejected: stages of a step collect apart and are added when it is accepted. */
  readonly tentative: boolean;
  /** What the discrete adjoint adds to the seeds. */
  readonly regularise?: Regularisers;
}

export interface SeedOptions {
  /** f32 [B]: dL/dΔ. */
  readonly deltaBar: Bindable;
  /** b of the stage when the seed carries h b; undefined for factor 1. */
  readonly b?: number;
  /** Of the stage in the arenas (default 0). */
  readonly place?: number;
}

/** How a stage counts in the sums over the parameters. */
export interface StageShare {
  readonly b: number;
  readonly c: number;
  /** The first stage of a step: a tentative sum starts there. */
  readonly first: boolean;
}

export class MlpReverse {
  readonly seed: Planes;
  readonly gradient: Planes;
  /** f32 [P + 2]: θ̄, Σ τ t̄, Σ t̄. */
  readonly thetaBar: Buffer;
  /** By place. */
  readonly #sweeps: (readonly Command[])[] = [];

  private constructor(
    readonly program: MlpProgram,
    readonly options: ReverseOptions,
    private readonly chunks: Chunks,
    private readonly plan: CotangentPlan,
    private readonly cots: Buffer,
    private readonly layerTable: Buffer,
    readonly partial: Buffer,
    private readonly map: Buffer,
    thetaBar: Buffer,
    private readonly buffers: BufferGroup,
    private readonly kernels: Kernels,
  ) {
    const { batch, ld, slots } = program;
    this.thetaBar = thetaBar;
    const plane = batch * ld;
    this.seed = { buffer: cots, at: plan.cots[plan.cots.length - 1]!, plane, ld, size: slots * plane };
    // The gradient is the derivative's plane behind all slots (the solver's second plane in a continuous adjoint).
    const { output } = program;
    this.gradient = { buffer: program.acts, at: output.at + output.plane, plane, ld, size: plane };
  }

  /** The program must store pre-activations and have a cotangent plane. */
  static async create(program: MlpProgram, options: ReverseOptions): Promise<MlpReverse> {
    const { device, weights, batch, slots, shape } = program;
    const { packing } = weights;
    const plan = cotangentPlan(packing, { ...shape, slots });
    const tiles = tileEnds(packing.layers, BLOCK).at(-1)!;
    const rows = slots * batch;
    const chunks = {
      weights: chunkCount(tiles, (shape.stages ?? 1) * rows),
      vectors: chunkCount(tiles, rows),
    };
    const tile = weightTile(program);
    const kernels = await loadKernels(program, plan.size, tile, options.regularise !== undefined);
    const targets = options.tentative ? 2 : 1;
    return BufferGroup.filled(async (buffers) => {
      const make = (label: string, words: number) => buffers.add(device.buffer({ label, size: words * 4 }));
      const cots = make("cotangents", plan.size);
      const table = layerTable(program, plan, tileEnds(packing.layers, tile));
      const layers = buffers.add(device.buffer({ label: "layer table", data: table }));
      const partial = make("gradient chunks", targets * chunks.weights * packing.chunkSize);
      const map = buffers.add(device.buffer({ label: "gradient map", data: packing.gradientMap }));
      const thetaBar = make("theta bar", packing.paramCount + 2);
      return new MlpReverse(
        program,
        options,
        chunks,
        plan,
        cots,
        layers,
        partial,
        map,
        thetaBar,
        buffers,
        kernels,
      );
    });
  }

  /** Before a solve: the sums start at zero. */
  begin(): Command[] {
    return [clear(this.partial)];
  }

  /** Seeds of the probes, with regularisers what they add to the value's too (and, in a continuous adjoint, of the value: a copy of the solver's second plane). */
  seedProbes({ deltaBar, b, place = 0 }: SeedOptions): Command[] {
    const { program, cots, options } = this;
    const { batch, ld, shape, control, acts, input } = program;
    const continuous = b === undefined;
    if (shape.probes === 0 && !continuous && !options.regularise) return [];
    const params = {
      samples: batch,
      probes: shape.probes,
      ld4: ld / 4,
      probe_at: program.probesAt / 4,
      seed_at: this.seedOf(place).at / 4,
      value_at: (input.at + input.plane) / 4,
      copy_value: continuous ? 1 : 0,
      quadrature: continuous ? 0 : 1,
      weight: shape.traceWeight,
      b: b ?? 0,
      output_at: program.output.at / 4,
      ...regulariserShares(options.regularise, batch, shape.traceWeight),
    };
    const grid = foldedGrid(Math.ceil((batch * ld) / 4 / 64));
    return [this.kernels.seed.bind({ params, control, acts, cots, a_delta: deltaBar }, grid)];
  }

  /** Where a sweep at a place wants its seeds. */
  seedOf(place: number): Planes {
    const { seed, program } = this;
    return { ...seed, at: program.placeIn(seed.at, place, seed.ld) };
  }

  /** From the seeds to `gradient`, through all layers: the same commands for every stage at a place. */
  sweep(place = 0): readonly Command[] {
    const { layers } = this.program.weights.packing;
    this.#sweeps[place] ??= [...layers].reverse().map((layer) => this.#layer(layer, place));
    return this.#sweeps[place];
  }

  #layer(layer: PackedLayer, place: number): Command {
    const { program, cots, plan: at } = this;
    const { batch, plan, control, pre, acts, weights } = program;
    const { packing, packed } = weights;
    const first = layer.index === 0;
    const slots = first ? 1 : program.slots;
    const params = {
      samples: batch,
      slots,
      in4: layer.inPadded / 4,
      out4: layer.outPadded / 4,
      from_at: program.placeIn(at.cots[layer.index]!, place, layer.outPadded) / 4,
      from_plane: (batch * layer.outPadded) / 4,
      to_at: first ? 0 : program.placeIn(at.cots[layer.index - 1]!, place, layer.inPadded) / 4,
      to_plane: (batch * layer.inPadded) / 4,
      u_at: first ? 0 : plan.pre[layer.index - 1]! / 4,
      w_at: layer.reverseAt / 4,
      v_at: layer.vectorAt / 4,
      residual: packing.spec.residual ? 1 : 0,
      seed_at: this.seedOf(place).at / 4,
      gradient_at: this.gradient.at / 4,
      beta_at: packing.betaAt,
      sign: this.options.sign,
      share_at: first ? 0 : at.shares[layer.index - 1]! / 4,
    };
    const times = program.timesOf(place);
    const form = formOf(program.strips, layer.inPadded);
    const kernel = first ? this.kernels.first : this.kernels.hidden.get(form)!;
    const grid = layerGrid(form, batch, slots, layer.inPadded);
    return kernel.bind({ params, control, packed, times, pre, cots, acts }, grid);
  }

  /** Adds all that the one stage at place 0 has for θ̄ and the time sums. */
  accumulate(stage: StageShare): Command[] {
    return [this.weights(1, stage), this.vectors(stage)];
  }

  /** Adds what the stages at the first places have for the weights. `stage`: how each of them counts. */
  weights(stages: number, stage: StageShare): Command {
    const { program, cots, layerTable: layers, partial, chunks, kernels } = this;
    const { control, acts, times } = program;
    const params = this.#params(stages, stage, 0, chunks.weights);
    const tile = weightTile(program);
    const tiles = tileEnds(program.weights.packing.layers, tile).at(-1)!;
    const grid = foldedGrid(Math.ceil((tiles * chunks.weights) / tile.each));
    return kernels.weightGrad.bind({ params, control, layers, acts, cots, times, partial }, grid);
  }

  /** Adds what the stage evaluated last, at this place, has for the vectors and the time sums. */
  vectors(stage: StageShare, place = 0): Command {
    const { program, cots, layerTable: layers, partial, chunks, kernels } = this;
    const { control, pre, weights } = program;
    const { packing, packed } = weights;
    const params = this.#params(1, stage, place, chunks.vectors);
    const times = program.timesOf(place);
    const grid = foldedGrid(Math.ceil(((packing.columns / 4) * chunks.vectors) / 32));
    return kernels.biasGrad.bind({ params, control, layers, pre, cots, times, packed, partial }, grid);
  }

  #params(stages: number, { b, c, first }: StageShare, place: number, chunks: number) {
    const { program, options } = this;
    const { batch, slots, plan, times4, weights } = program;
    const { packing } = weights;
    return {
      samples: batch,
      slots,
      stages,
      stage_rows: plan.rows,
      times4,
      first_row: place * plan.rows,
      chunks,
      chunk_rows: Math.ceil((stages * plan.rows) / chunks / 4) * 4,
      chunk_samples: Math.ceil(batch / chunks),
      chunk4: packing.chunkSize / 4,
      vectors4: packing.chunkVectorsAt / 4,
      columns4: packing.columns / 4,
      gated: packing.layers[0]!.gated ? 1 : 0,
      swish: packing.spec.activation === "swish" ? 1 : 0,
      quadrature: options.quadrature ? 1 : 0,
      overwrite: options.tentative && first ? 1 : 0,
      target_at: options.tentative ? this.targetWords / 4 : 0,
      b,
      c,
    };
  }

  /** Words of one target of `partial`: the sums proper, then (tentative) those of the step under way. */
  get targetWords(): number {
    return this.chunks.weights * this.program.weights.packing.chunkSize;
  }

  /** Adds the chunks into `thetaBar`. */
  reduce(): Command[] {
    const { map, partial, thetaBar } = this;
    const sums = { map, partial, thetaBar, chunks: this.chunks.weights, sign: this.options.sign };
    return [reduceGradient(this.kernels.reduce, this.program.weights.packing, sums)];
  }

  dispose(): void {
    this.buffers.dispose();
  }
}

/** In how many chunks rows are summed: the weights' over all stages at once, the vectors', at most as many, stage by stage. */
interface Chunks {
  readonly weights: number;
  readonly vectors: number;
}

/** Of the weights' gradients: outputs × inputs of one, and how many a workgroup has. */
interface WeightTile {
  readonly outputs: number;
  readonly inputs: number;
  readonly each: number;
}

const BLOCK: WeightTile = { outputs: 8, inputs: 8, each: 32 };
const STRIP: WeightTile = { outputs: 8, inputs: 16, each: 1 };

/** Strips where all layers have them: one that is narrow would leave most of a strip idle. */
function weightTile(program: MlpProgram): WeightTile {
  const { layers } = program.weights.packing;
  return layers.every((layer) => formOf(program.strips, layer.inPadded) === "strip") ? STRIP : BLOCK;
}

/** Weight tiles up to and including each layer. */
function tileEnds(layers: readonly PackedLayer[], { outputs, inputs }: WeightTile): number[] {
  let end = 0;
  return layers.map((layer) => {
    end += Math.ceil(layer.outPadded / outputs) * Math.ceil(layer.inPadded / inputs);
    return end;
  });
}

/**
 * Chunks the rows are split in: enough that tiles × chunks keeps a GPU busy (about 4,096 invocations), no chunk
 * under 32 rows. A function of the shape alone, because it decides the order of summation, hence the bits.
 */
function chunkCount(tiles: number, rows: number): number {
  return Math.max(1, Math.min(Math.ceil(4096 / tiles), Math.floor(rows / 32), 64));
}

/** The rows of struct Layer in shaders/common/gradient.wgsl. */
function layerTable(program: MlpProgram, at: CotangentPlan, tiles: readonly number[]): Uint32Array {
  const { plan, weights } = program;
  return new Uint32Array(
    weights.packing.layers.flatMap((layer, l) => [
      plan.acts[l]! / 4,
      at.cots[l]! / 4,
      at.shares[l]! / 4,
      plan.pre[l]! / 4,
      layer.gradientAt / 4,
      layer.vectorAt / 4,
      layer.inPadded / 4,
      layer.outPadded / 4,
      tiles[l]!,
    ]),
  );
}

type Kernels = Awaited<ReturnType<typeof loadKernels>>;

async function loadKernels(program: MlpProgram, cotsSize: number, tile: WeightTile, regularised: boolean) {
  const { device, plan, weights, slots } = program;
  const { layers, packedSize, spec } = weights.packing;
  const ACTIVATION = ACTIVATIONS.indexOf(spec.activation);
  const ACTS4 = plan.actsSize / 4;
  const COTS4 = cotsSize / 4;
  const load = async (form: LayerForm, FIRST: 0 | 1) => {
    if (form === "strip") {
      const sizes = { ACTS4, COTS4, PRE4: plan.preSize / 4, PACKED4: packedSize / 4 };
      const { reverseStrip } = await import("../generated/field/reverse_strip.js");
      return device.kernel(reverseStrip, "main", { ACTIVATION, FIRST, ...sizes });
    }
    // The first layer hands on the value's row only: one slot.
    const each = FIRST === 1 ? { SLOTS: 1 } : { SLOTS: slotsPerPass(slots), PASSES: passes(slots) };
    return device.kernel(reverseModule, "main", { ACTIVATION, FIRST, COLUMNS: columnsOf(form), ...each });
  };
  const GATED = layers[0]!.gated ? 1 : 0;
  const loadWeightGrad = async () => {
    if (tile !== STRIP) return device.kernel(weightGradModule, "main", { GATED });
    const { weightGradStrip } = await import("../generated/field/weight_grad_strip.js");
    return device.kernel(weightGradStrip, "main", { GATED, ACTS4, COTS4 });
  };
  const forms = layers.map(({ inPadded }) => formOf(program.strips, inPadded));
  const ofHidden = [...new Set(forms.slice(1))];
  const [seed, weightGrad, biasGrad, reduce, first, ...hidden] = await Promise.all([
    device.kernel(seedModule, "main", regularised ? { REGULARISE: 1 } : {}),
    loadWeightGrad(),
    device.kernel(biasGradModule, "main"),
    device.kernel(reduceGradModule, "main"),
    load(forms[0]!, 1),
    ...ofHidden.map((form) => load(form, 0)),
  ]);
  const byForm = new Map(ofHidden.map((form, i) => [form, hidden[i]!]));
  return { seed, weightGrad, biasGrad, reduce, first, hidden: byForm };
}
