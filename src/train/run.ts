/** A training run as its user sees it: an async iterator over reports, and checkpoints. */
import type { Flow } from "../cnf/flow.js";
import type { Dataset } from "../data/dataset.js";
import { FjordError } from "../gpu/errors.js";
import { readCheckpoint, type Snapshot, writeCheckpoint } from "./checkpoint.js";
import { keptLayouts } from "./layouts.js";
import { Live, type TrainReport } from "./live.js";
import { type CheckedTraining, checkTraining, type TrainOptions } from "./options.js";

/** The entries that have a value. */
function given<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Made by {@link train}. Iterate over it once. */
export class TrainRun implements AsyncIterable<TrainReport> {
  readonly #checked: CheckedTraining;
  readonly #resume: ReturnType<typeof readCheckpoint> | undefined;
  readonly #standardise: boolean;
  readonly #signal: AbortSignal | undefined;
  #live: Live | undefined;
  #ended: Snapshot | undefined;
  #started = false;

  constructor(
    readonly flow: Flow,
    readonly dataset: Dataset,
    options: TrainOptions,
  ) {
    const { resume, signal, standardise: scale = true, ...rest } = options;
    this.#resume = resume && readCheckpoint(resume, flow);
    const saved = this.#resume?.plan ?? {};
    const { clip, ema, warmStart, regularise, ...plan } = saved;
    // What the options leave out is as it was when the checkpoint was written.
    const merged = {
      ...plan,
      ...(clip ? { clip } : {}),
      ...(ema ? { ema } : {}),
      ...given(rest),
    } as TrainOptions;
    if (warmStart) merged.warmStart = { ...warmStart, ...given(rest.warmStart ?? {}) };
    if (regularise) merged.regularise = { ...regularise, ...given(rest.regularise ?? {}) };
    const checked = checkTraining(flow, dataset, merged);
    // Layouts decide the order of sums, hence the bits: a resumed run keeps them, but for solves that are other ones now.
    const layouts = this.#resume?.snapshot.layouts ?? {};
    const { kept, warnings } = keptLayouts(
      flow,
      checked,
      rest.solver ? { warmStart: layouts.warmStart } : layouts,
    );
    this.#checked = { ...checked, layouts: kept, warnings: [...checked.warnings, ...warnings] };
    this.#standardise = scale;
    this.#signal = signal;
  }

  /** What was changed of the request, e.g. a tolerance below the f32 floor, or a checkpoint's layout that the device lacks. */
  get warnings(): readonly string[] {
    return this.#checked.warnings;
  }

  /** The run as it stands: a model file that `resume` continues from. During the run or after it. */
  async checkpoint(): Promise<Uint8Array> {
    const snapshot = this.#live ? await this.#live.snapshot() : this.#ended;
    if (!snapshot) {
      throw new FjordError(
        "bad-argument",
        "The run has not begun, so there is nothing to save.",
        "Iterate over it first.",
      );
    }
    return writeCheckpoint(this.flow, await this.flow.T(), this.#checked.plan, snapshot);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TrainReport, void, void> {
    if (this.#started)
      throw new FjordError("bad-argument", "A run can be iterated over once.", "Call train again.");
    this.#started = true;
    const { flow, dataset } = this;
    const live = await Live.create(flow, dataset, this.#checked, this.#resume, this.#standardise);
    this.#live = live;
    try {
      yield* live.reports(this.#signal);
    } finally {
      // A lost device has nothing left to save; its error is already on its way to the caller.
      this.#ended = await live.finish().catch(() => undefined);
      this.#live = undefined;
      live.dispose();
    }
  }
}

/**
 * Trains a flow by maximum likelihood (FFJORD, arXiv:1810.01367), after a warm start by flow matching where
 * `options.warmStart` asks for one. Iterate over the run; it ends after `options.steps`, when the loop is left, or
 * when the signal fires. The flow holds the parameters all along.
 * @throws ArgumentError, DataError, FileFormatError (a checkpoint that does not fit) before anything is changed;
 *   FjordError `non-finite` when a step cannot be taken: the parameters are those of the last good step
 */
export function train(flow: Flow, dataset: Dataset, options: TrainOptions): TrainRun {
  return new TrainRun(flow, dataset, options);
}
