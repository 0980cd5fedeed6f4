/**
 * Solves of a flow over any number of points: in chunks that fit the device, through forward solves that are kept
 * for the shapes last used. All in standardised coordinates; the flow adds the scaling.
 */
import type { Packing } from "../field/packing.js";
import { type TraceOptions, tracePlan } from "../field/trace.js";
import type { Weights } from "../field/weights.js";
import type { Buffer } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { FjordError } from "../gpu/errors.js";
import { copy } from "../gpu/submit.js";
import { type ControlState, STATUS_TEXT } from "../ode/control.js";
import { type Forward, isLayered } from "../ode/execution.js";
import { createForward } from "../ode/paths.js";
import type { StepPlan } from "../ode/plan.js";
import { runSteps } from "../ode/runner.js";

export interface CarryRequest {
  /** true: from data (t = 0) to base (t = T); false: back. */
  readonly forward: boolean;
  readonly trace?: TraceOptions;
  /** Where the data's end of the solve is, in the flow's time; default 0. */
  readonly at?: number;
  /** Ascending or descending times to record, in the flow's time. */
  readonly times?: readonly number[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ChunkRequest extends CarryRequest {
  /** [n, D]. */
  readonly points: Float32Array;
}

/** Where points come from and where results go, chunk by chunk. */
export interface Transfer {
  readonly rows: number;
  /** Fills z of the solve's state with rows start … end. */
  load(solve: Forward, start: number, end: number): void;
  /** Takes what the solve has left of these rows in its buffers, which the next chunk uses again. */
  take(solve: Forward, start: number, end: number): void | Promise<void>;
}

export interface ChunkResult {
  /** [n, D]. */
  readonly z: Float32Array;
  /** [n]; empty without a trace. */
  readonly delta: Float32Array;
  /** [n, D] for each of the times. */
  readonly recorded: readonly Float32Array[];
  readonly stats: { readonly accepted: number; readonly rejected: number; readonly nfe: number };
}

/** Rows of a chunk: at most this many, and fewer where the activations would pass WORDS. */
const ROWS = 16_384;
const WORDS = 1 << 24;
/** Forward solves kept for reuse. */
const KEPT = 4;

/** Rows solved for at once, of a field's value and `tangents` tangents. */
export function rowsPerChunk({ layers }: Packing, tangents: number): number {
  const widths = layers.reduce((sum, layer) => sum + layer.outPadded, layers[0]!.inPadded);
  return Math.max(1, Math.min(ROWS, Math.floor(WORDS / ((1 + tangents) * widths))));
}

export class Evaluator {
  readonly #kept = new Map<string, Forward>();
  #queue: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(
    readonly device: Device,
    readonly weights: Weights,
    readonly plan: StepPlan,
    /** f32 [2]: 0, T. */
    private readonly interval: Buffer,
    /** See CnfOptions. */
    private readonly uses: number,
  ) {}

  /** From arrays to arrays. @throws FjordError when a solve fails */
  async run(request: ChunkRequest): Promise<ChunkResult> {
    const { dim } = this.weights.packing.spec;
    const { points } = request;
    const rows = points.length / dim;
    const z = new Float32Array(rows * dim);
    const delta = new Float32Array(request.trace ? rows : 0);
    const recorded = (request.times ?? []).map(() => new Float32Array(rows * dim));
    const stats = await this.carry(request, {
      rows,
      load: (solve, start, end) => this.device.write(solve.state, points.subarray(start * dim, end * dim)),
      take: (solve, start, end) => readChunk(this.device, solve, { z, delta, recorded }, start, end),
    });
    return { z, delta, recorded, stats };
  }

  /** Requests run one after the other: they share buffers. @throws FjordError when a solve fails */
  carry(request: CarryRequest, transfer: Transfer): Promise<ChunkResult["stats"]> {
    const mine = this.#queue.then(() => this.#carry(request, transfer));
    this.#queue = mine.catch(() => {});
    return mine;
  }

  async #carry(request: CarryRequest, transfer: Transfer): Promise<ChunkResult["stats"]> {
    const total = transfer.rows;
    const rows = this.#rowsPerChunk(request.trace);
    const stats = { accepted: 0, rejected: 0, nfe: 0 };
    for (let start = 0; start < total; start += rows) {
      const end = Math.min(start + rows, total);
      const solve = await this.#solveFor(end - start, request);
      transfer.load(solve, start, end);
      const control = await this.#chunk(solve, request, start);
      if (control.status !== "ok") {
        throw new FjordError(
          "solve-failed",
          STATUS_TEXT[control.status],
          `Rows ${start} to ${end - 1} have no result.`,
        );
      }
      await transfer.take(solve, start, end);
      stats.accepted = Math.max(stats.accepted, control.accepted);
      stats.rejected = Math.max(stats.rejected, control.rejected);
      stats.nfe = Math.max(stats.nfe, control.nfe);
      request.onProgress?.(end, total);
    }
    return stats;
  }

  async #chunk(solve: Forward, request: CarryRequest, start: number): Promise<ControlState> {
    const { device, interval } = this;
    const [from, to] = request.forward ? [0, 1] : [1, 0];
    device.run([
      copy(interval.words(from, 1), solve.interval.words(0, 1)),
      copy(interval.words(to, 1), solve.interval.words(1, 1)),
    ]);
    if (request.at !== undefined) {
      // The data's end is where a solve forwards begins, and where one backwards ends.
      device.write(solve.interval.words(from, 1), new Float32Array([request.at]));
    }
    if (request.times && isLayered(solve)) {
      device.write(solve.stepper.times, new Float32Array(request.times));
    }
    // A chunk's probes follow from its first row, so that chunks do not share probes.
    const seed = request.trace?.kind === "hutchinson" ? (request.trace.seed ?? 0) : 0;
    solve.probes?.reseed(seed, start);
    return runSteps(device, solve.steps(), request.signal);
  }

  #rowsPerChunk(trace: TraceOptions | undefined): number {
    const { packing } = this.weights;
    return rowsPerChunk(packing, trace ? tracePlan(trace, packing.spec.dim, 1).probes : 0);
  }

  async #solveFor(batch: number, request: CarryRequest): Promise<Forward> {
    if (this.#disposed) throw disposedError();
    const { trace, times } = request;
    const key = JSON.stringify([batch, trace ?? null, times?.length ?? null]);
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known;
    }
    if (this.#kept.size >= KEPT) {
      const [oldest, solve] = this.#kept.entries().next().value!;
      this.#kept.delete(oldest);
      solve.dispose();
    }
    const { device, weights, plan, uses } = this;
    const made = await device.allocate("the solve", () =>
      createForward(
        device,
        { kind: "mlp", weights },
        {
          batch,
          plan,
          uses,
          trace: trace && tracePlan(trace, weights.packing.spec.dim, batch),
          record: times && { times: times.length },
        },
      ),
    );
    if (this.#disposed) {
      made.dispose();
      throw disposedError();
    }
    this.#kept.set(key, made);
    return made;
  }

  dispose(): void {
    this.#disposed = true;
    for (const solve of this.#kept.values()) solve.dispose();
    this.#kept.clear();
  }
}

function disposedError(): FjordError {
  return new FjordError("disposed", "The flow was used after dispose().");
}

async function readChunk(
  device: Device,
  solve: Forward,
  into: { z: Float32Array; delta: Float32Array; recorded: readonly Float32Array[] },
  start: number,
  end: number,
): Promise<void> {
  const { dim, deltaAt } = solve;
  const size = (end - start) * dim;
  const state = await device.readF32(solve.state);
  into.z.set(state.subarray(0, size), start * dim);
  if (into.delta.length > 0) into.delta.set(state.subarray(deltaAt, deltaAt + end - start), start);
  if (!isLayered(solve) || into.recorded.length === 0) return;
  const { stepper } = solve;
  const values = await device.readF32(stepper.recorded);
  into.recorded.forEach((frame, j) => {
    frame.set(values.subarray(j * stepper.stateSize, j * stepper.stateSize + size), start * dim);
  });
}
