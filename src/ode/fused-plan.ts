/**
 * Whether a solve fits the fused kernels (shaders/fused), and how: tile, constants and places. Everything here
 * follows from the shape alone, so a plan is known before anything is allocated.
 */
import type { Packing } from "../field/packing.js";
import { ACTIVATIONS, type MlpSpec } from "../field/spec.js";
import { alignWords } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { FORMS, productForm } from "./calibration.js";
import type { ForwardOptions } from "./forward.js";
import type { Method } from "./methods.js";
import { type StepPlan, usedStages } from "./plan.js";
import { residentPlan } from "./resident-plan.js";

/** Bounds of the fused kernels: beyond them the layered path is at least as fast. */
export const FUSED_LIMITS = { hiddenLayers: 4, width: 128, dim: 8, stages: 16 } as const;
/** Bytes of workgroup memory every device has. */
const WORKGROUP_BYTES = 16_384;
/** Samples of a tile; the first that fits is the default, unless another was measured to be faster. */
const TILES = [16, 8] as const;
/** Rows of a tile in strips, and sweeps whose gradients wait for one product: more save little and leave the cache. */
const STRIP = { tile: 16, lanes: 4, sweeps: 8 } as const;
/**
 * Resident weights: samples of a tile, vec4 columns of a layer, and vec4 of weights an invocation keeps at most; fewer where
 * a discrete adjoint follows, whose kernel takes seconds to compile beyond.
 */
const RESIDENT = { tile: 4, columns: 16, weights: 560, recorded: 200 } as const;
/** Bytes that the workgroups of a reverse pass may keep for themselves together. */
const OWN_BYTES = 1 << 26;
/** Bytes that gradient chunks may take together: what a second-level cache holds, and a bound on their number. */
const CHUNK_BYTES = 1 << 24;

export interface FusedShape {
  readonly packing: Packing;
  readonly plan: StepPlan;
  /** B. */
  readonly batch: number;
  /** K. */
  readonly probes: number;
  readonly traceWeight: number;
  /** Steps there is room to keep; fixed steps: their number. */
  readonly capacity: number;
  /** The state is z and its cotangent (continuous adjoint), not z and Δ. */
  readonly augmented?: boolean;
  /** A discrete adjoint follows. */
  readonly recorded?: boolean;
}

/** shaders/common/block.wgsl, strip.wgsl or resident.wgsl. */
export const FUSED_FORMS = [...FORMS, "resident"] as const;
export type FusedForm = (typeof FUSED_FORMS)[number];

/** Of a forward solve. @param kept steps kept for a discrete adjoint */
export function forwardShape(
  packing: Packing,
  { batch, plan, trace }: Pick<ForwardOptions, "batch" | "plan" | "trace">,
  kept: number,
): FusedShape {
  return {
    packing,
    plan,
    batch,
    probes: trace?.probes ?? 0,
    traceWeight: trace?.weight ?? 0,
    capacity: plan.fixedSteps || kept,
    recorded: kept > 0,
  };
}

export interface FusedPlan extends FusedShape {
  readonly form: FusedForm;
  /** Samples of a workgroup. */
  readonly tile: number;
  readonly tiles: number;
  /** The rows stand in global memory. */
  readonly spill: boolean;
  /** vec4 of rows of a workgroup in a forward solve. */
  readonly rows: number;
  /** vec4 that a workgroup of a reverse pass keeps behind the records of its evaluations. */
  readonly adjointRows: number;
  /** Records of evaluations that a workgroup of a reverse pass keeps. */
  readonly ring: number;
  /** vec4 of one tile's record of one stage on the tape. */
  readonly tile4: number;
  /** Workgroups of the reverse pass: one gradient chunk each. */
  readonly chunks: number;
  /** Bytes of workgroup memory of the forward kernel. */
  readonly workgroupBytes: number;
  /** Bytes of a tape that holds every stage of the solve. */
  readonly tapeBytes: number;
  /** Constants of all fused kernels. */
  readonly constants: Readonly<Record<string, number>> & { readonly ENTRIES: number };
  /** Those of the kernels with a reverse sweep. */
  readonly adjointConstants: Readonly<Record<string, number>>;
}

/** Why the fused kernels do not take this solve, as a sentence; undefined if they do. */
export function fusedRefusal(spec: MlpSpec, plan: StepPlan): string | undefined {
  const { hiddenLayers, width, dim, stages } = FUSED_LIMITS;
  const count = spec.hidden.length;
  if (count < 1 || count > hiddenLayers)
    return `The fused path takes 1 to ${hiddenLayers} hidden layers; this field has ${count}.`;
  const widest = Math.max(...spec.hidden);
  if (widest > width)
    return `The fused path takes layers up to ${width} wide; this field has one of ${widest}.`;
  if (spec.dim > dim)
    return `The fused path takes states of up to ${dim} dimensions; this field has ${spec.dim}.`;
  if (plan.method.stages > stages)
    return `The fused path takes methods of up to ${stages} stages; ${plan.method.name} has ${plan.method.stages}.`;
  return undefined;
}

export interface FusedTiling {
  /** Default "block". Where the shape does not fit "resident", it goes in strips. */
  readonly form?: FusedForm;
  /** Samples of a workgroup at most ("block"; the other forms have their own); default the largest that fits. */
  readonly tile?: number;
  /** Rows in global memory although they would fit the workgroup's: faster where that is emulated. */
  readonly spill?: boolean;
}

/**
 * How the fused kernels are best laid out on a device: whether it takes strips is measured, and where it does, weights stay
 * resident if they can. @throws DeviceLostError
 */
export async function usualTiling(device: Device): Promise<FusedTiling> {
  // Emulated workgroup memory is no faster than the other, and drivers take seconds to compile it.
  const spill = device.adapter.isSoftware;
  const form = (await productForm(device)) === "strip" ? "resident" : "block";
  return { form, spill };
}

/** Tiles of blocks whose rows fit workgroup memory, the largest first. */
export const fittingTiles = (shape: FusedShape): number[] =>
  TILES.filter((samples) => workgroupBytes(shape, samples, false) <= WORKGROUP_BYTES);

export function fusedPlan(shape: FusedShape, tiling: FusedTiling = {}): FusedPlan {
  const { packing, batch, probes } = shape;
  const slots = 1 + probes;
  const fitsStrip = workgroupBytes(shape, STRIP.tile, true) <= WORKGROUP_BYTES;
  const form = formOf(shape, tiling.form ?? "block", fitsStrip);
  // A tile for another form says nothing of blocks.
  const most = tiling.form === undefined || tiling.form === "block" ? (tiling.tile ?? TILES[0]) : TILES[0];
  const inMemory = fittingTiles(shape).find((samples) => samples <= most);
  const inBlocks = inMemory ?? TILES[TILES.length - 1]!;
  const samples = form === "block" ? inBlocks : form === "strip" ? STRIP.tile : RESIDENT.tile;
  const spill = form !== "block" || tiling.spill === true || inMemory === undefined;
  const { layers, spec } = packing;
  const inputs = layers.reduce((sum, layer) => sum + layer.inPadded, 0);
  const outputs = layers.reduce((sum, layer) => sum + layer.outPadded, 0);
  const widths = inputs + (storesU(spec) ? outputs : 0);
  // With resident weights an invocation keeps its sample's rows, too.
  const tile4 = form === "resident" ? 0 : (slots * samples * widths) / 4;
  const tiles = Math.ceil(batch / samples);
  const width4 = widest(packing) / 4;
  const planes = form === "block" ? planeCount(slots) : 2 * slots;
  const rows = form === "resident" ? 0 : planes * samples * width4;
  const { stages } = shape.plan.method;
  const ring = form === "strip" ? Math.max(stages, STRIP.sweeps) : 1;
  // Cotangents of every layer's results take as much as all layers' inputs: the first input is as wide as the last result.
  const bars4 = (slots * samples * inputs) / 4;
  const adjointRows = rows + (form === "strip" ? ring * bars4 : 0);
  const own = 16 * (adjointRows + ring * tile4);
  const resident = residentPlan(packing);
  const perWorkgroup: Record<string, number> = {
    block: { PLANES: planes, SPILL: spill ? 1 : 0, GROUP: groupOf(packing, probes, samples) },
    strip: { GROUP: STRIP.lanes },
    resident: { GROUP: STRIP.lanes, OWN: resident.own, WEIGHTS: resident.weights },
  }[form];
  const constants = {
    ACTIVATION: ACTIVATIONS.indexOf(spec.activation),
    TILE: samples,
    WIDTH4: width4,
    SLOTS: slots,
    ROWS: rows,
    LAYERS: layers.length,
    LD4: layers[0]!.inPadded / 4,
    DIM: spec.dim,
    ENTRIES: (samples * layers[0]!.inPadded) / 4,
    GATED: layers[0]!.gated ? 1 : 0,
    STORE_U: storesU(spec) ? 1 : 0,
    RESIDUAL: spec.residual ? 1 : 0,
    ...perWorkgroup,
  };
  const records = shape.plan.fixedSteps * stages;
  const mostChunks = Math.max(16, Math.floor(CHUNK_BYTES / (4 * packing.chunkSize)));
  const mostOwners = Math.max(1, Math.floor(OWN_BYTES / own));
  return {
    ...shape,
    form,
    tile: samples,
    tiles,
    spill,
    rows,
    adjointRows,
    ring,
    tile4,
    chunks: Math.min(tiles, mostChunks, mostOwners, form === "resident" ? GROUPS.resident : 4096),
    workgroupBytes: workgroupBytes(shape, samples, spill),
    tapeBytes: records * tiles * tile4 * 16,
    constants,
    adjointConstants: {
      ...constants,
      TAPE: 1,
      ROWS: adjointRows,
      RING: ring,
      ...(form === "strip" && { BARS4: bars4 }),
    } as Record<string, number>,
  };
}

/** The form that the shape fits. */
function formOf(shape: FusedShape, wanted: FusedForm, fitsStrip: boolean): FusedForm {
  const { packing, plan, augmented, recorded } = shape;
  const { own, weights } = residentPlan(packing);
  // Adaptive steps that are kept, and the way back from them, go in strips.
  const fitsResident =
    (plan.fixedSteps > 0 || !recorded) &&
    !augmented &&
    packing.spec.dim <= 4 &&
    4 * own <= RESIDENT.columns &&
    weights <= (recorded ? RESIDENT.recorded : RESIDENT.weights);
  if (wanted === "resident" && fitsResident) return "resident";
  return wanted !== "block" && fitsStrip ? "strip" : "block";
}

/** Whether a reverse sweep needs pre-activations: outputs alone do not tell σ′, or a gate wants W x + b. */
function storesU(spec: MlpSpec): boolean {
  const fromOutput = ["tanh", "sigmoid", "elu", "relu", "identity"].includes(spec.activation);
  return !fromOutput || spec.layer === "squash" || spec.layer === "concatsquash";
}

/** Slots, and one plane for σ′ where the tangents are not finished together with the value. */
const planeCount = (slots: number) => (slots <= 2 ? slots : slots + 1);

const widest = (packing: Packing) =>
  Math.max(...packing.layers.flatMap((layer) => [layer.inPadded, layer.outPadded]));

/** Invocations of a workgroup: each owns 4 samples (even slots) or 8, and 8 columns of the widest layer. */
function groupOf(packing: Packing, probes: number, samples: number): number {
  const each = probes % 2 === 1 ? 4 : 8;
  return (samples / each) * Math.ceil(widest(packing) / 8);
}

/** Stages there is workgroup memory for: rounded up, so that most methods share their kernels. */
export const stageRoom = ({ stages }: Method) => (stages <= 4 ? 4 : stages <= 8 ? 8 : FUSED_LIMITS.stages);

/** Of the kernel with the most: the forward one, or that of the continuous adjoint. */
function workgroupBytes(
  { packing, plan, probes, augmented }: FusedShape,
  samples: number,
  spill: boolean,
): number {
  const stages = stageRoom(plan.method);
  const entries = (samples * packing.layers[0]!.inPadded) / 4;
  const rows = spill ? 1 : (planeCount(1 + probes) * samples * widest(packing)) / 4;
  // Adaptive steps: shares of the error, Δ at the end of a step, the control block.
  const steering = plan.fixedSteps === 0 ? 16 * groupOf(packing, probes, samples) + 4 * samples + 96 : 0;
  const own = augmented
    ? 16 * (4 + 2 * stages) * entries
    : 16 * (2 + stages) * entries + 4 * samples * (1 + stages);
  return 16 * rows + own + steering;
}

/**
 * Workgroups of a forward solve: more than a device holds at once gain nothing but memory for their rows; resident weights
 * have to be loaded by each.
 */
const GROUPS = { block: 4096, strip: 64, resident: 16 } as const;

/** A buffer for records of evaluations and, behind them, for what workgroups keep; vec4. */
export interface TapePlan {
  readonly spillAt: number;
  readonly size: number;
}

export const forwardGroups = ({ form, tiles }: FusedPlan) => Math.min(tiles, GROUPS[form]);

/** Of a forward solve; `taped`: with every stage on it, and what the discrete adjoint keeps. */
export function forwardTape(fused: FusedPlan, taped: boolean): TapePlan {
  const { form, spill, rows, chunks, adjointRows } = fused;
  const spillAt = taped ? fused.tapeBytes / 16 : 0;
  // Strips are compiled for the size of their tape: without records that is one for all batches.
  const groups = form !== "block" && !taped ? GROUPS[form] : forwardGroups(fused);
  const own = Math.max(groups * rows, taped ? chunks * adjointRows : 0);
  return { spillAt, size: roomFor(fused, spillAt + (spill ? own : 0)) };
}

/** Of a reverse pass that evaluates the stages itself. */
export function adjointTape(fused: FusedPlan): TapePlan {
  const { spill, chunks, ring, tile4, adjointRows } = fused;
  const spillAt = chunks * ring * tile4;
  return { spillAt, size: roomFor(fused, spillAt + (spill ? chunks * adjointRows : 0)) };
}

/** vec4 of the gradient chunks, `copies` of each. */
export const chunkRoom = (fused: FusedPlan, copies = 1) =>
  roomFor(fused, (copies * fused.chunks * fused.packing.chunkSize) / 4);

/** At least `size`. Strips have sizes in steps of a quarter of a power of two, so that shapes share their kernels. */
function roomFor({ form }: FusedPlan, size: number): number {
  if (form === "block") return Math.max(size, 1);
  const quarter = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(size, 1))) - 2);
  return Math.max(16, quarter * Math.ceil(size / quarter));
}

/** Constants of strips for the sizes of their buffers, in vec4; none for blocks. */
export function sizeConstants(
  { form, packing }: FusedPlan,
  tape: TapePlan,
  partial?: number,
): Record<string, number> {
  if (form === "block") return {};
  const sizes = { PACKED4: packing.packedSize / 4, ...(form === "strip" && { TAPE4: tape.size }) };
  return partial === undefined ? sizes : { ...sizes, PARTIAL4: partial };
}

/** Places in the buffers of a fused solve, in words. */
export interface FusedPlaces {
  readonly deltaAt: number;
  readonly nllAt: number;
  readonly stageBarAt: number;
  readonly stateWords: number;
  readonly slopesAt: number;
  readonly tracesAt: number;
  readonly keptWords: number;
  readonly barAt: number;
  readonly deltaBarAt: number;
  readonly endBarAt: number;
}

/** @param keep what the discrete adjoint needs, with the stages' points or without */
export function fusedPlaces(
  plan: FusedPlan,
  keep: "nothing" | "cotangents" | "slopes" | "points",
): FusedPlaces {
  const { batch, packing } = plan;
  const { stages } = plan.plan.method;
  const size = batch * packing.spec.dim;
  const records = keep === "slopes" || keep === "points" ? plan.capacity * stages : 0;
  const deltaAt = alignWords(size);
  const slopesAt = keep === "points" ? records * size : 0;
  const tracesAt = slopesAt + records * size;
  const nllAt = deltaAt + alignWords(batch);
  const stageBarAt = nllAt + alignWords(batch);
  const barAt = stageBarAt + alignWords(stages * size);
  const deltaBarAt = barAt + alignWords(size);
  const endBarAt = deltaBarAt + alignWords(batch);
  return {
    deltaAt,
    nllAt,
    stageBarAt,
    stateWords: keep === "nothing" ? nllAt : endBarAt + batch,
    slopesAt,
    tracesAt,
    keptWords: tracesAt + records * batch,
    barAt,
    deltaBarAt,
    endBarAt,
  };
}

/** Fields of FusedParams (shaders/common/fused.wgsl) but the range of steps. */
export function fusedParams(plan: FusedPlan, places: FusedPlaces, spillAt: number) {
  const { packing, batch, probes, traceWeight, tiles, tile4 } = plan;
  const { method, fixedSteps } = plan.plan;
  const row = (weights: readonly number[], length = 16) => [
    ...weights,
    ...new Array<number>(length - weights.length).fill(0),
  ];
  const { layers } = packing;
  let at = 0;
  const slots = 1 + probes;
  const xs = layers.map((layer) => {
    const here = at;
    at += (slots * plan.tile * layer.inPadded) / 4;
    return here;
  });
  const us = layers.map((layer) => {
    const here = at;
    at += plan.constants.STORE_U ? (slots * plan.tile * layer.outPadded) / 4 : 0;
    return here;
  });
  const table = layers.flatMap((layer, l) => [
    layer.inPadded / 4,
    layer.outPadded / 4,
    layer.forwardAt / 4,
    layer.reverseAt / 4,
    layer.vectorAt / 4,
    layer.gradientAt / 4,
    xs[l]!,
    us[l]!,
  ]);
  return {
    samples: batch,
    probes,
    stages: method.stages,
    steps: fixedSteps,
    tiles,
    capacity: plan.capacity,
    delta_at: places.deltaAt,
    slopes_at: places.slopesAt,
    traces_at: places.tracesAt,
    vectors4: packing.vectorsAt / 4,
    columns4: packing.columns / 4,
    beta_at: packing.betaAt,
    record4: tiles * tile4,
    tile4,
    chunk4: packing.chunkSize / 4,
    chunk_vectors4: packing.chunkVectorsAt / 4,
    bar_at: places.barAt,
    delta_bar_at: places.deltaBarAt,
    end_bar_at: places.endBarAt,
    used: usedStages(plan.plan).reduce((bits, i) => bits | (1 << i), 0) >>> 0,
    trace_weight: traceWeight,
    spill_at: spillAt,
    nll_at: places.nllAt,
    stage_bar_at: places.stageBarAt,
    kinetic: 0,
    jacobian: 0,
    b: row(method.b),
    c: row(method.c),
    e: row(method.e ?? []),
    a: row(
      method.a.flatMap((weights) => row(weights)),
      256,
    ),
    layers: row(table, 40),
  };
}
