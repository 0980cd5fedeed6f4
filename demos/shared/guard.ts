/** Notices when training goes wrong, and remembers where it still went well. */
import { FjordError, type TrainReport } from "fjordgpu";
import { decimal, integer } from "./format.js";

/** Evaluations of the field in one training step beyond which nobody wants to wait. */
const MOST_EVALUATIONS = 3000;
/** Nats above the best loss so far that no batch is by chance: its likelihood has fallen by a factor of 400. */
const LEAP = 6;

/** Faults of a flow that has run away, not of the page. */
export function isRunaway(error: unknown): error is FjordError {
  return error instanceof FjordError && ["non-finite", "solve-failed"].includes(error.code);
}

export interface Vitals {
  readonly phase: TrainReport["phase"];
  /** Of each step: NLL in nats, in the warm start the squared error of the field. */
  readonly losses: ArrayLike<number>;
  /** Evaluations of the field in one training step. */
  readonly nfe: number;
  readonly nfeBackward: number;
}

export class Guard {
  #best = Number.POSITIVE_INFINITY;

  /** A sentence when training should not go on like this. */
  judge({ phase, losses, nfe, nfeBackward }: Vitals): string | undefined {
    const evaluations = nfe + nfeBackward;
    if (evaluations > MOST_EVALUATIONS) {
      return `One training step takes ${integer(evaluations)} field evaluations: it has become too wild for the solver.`;
    }
    for (const loss of Array.from(losses)) {
      if (!Number.isFinite(loss)) return "The loss is no longer a number.";
      // A squared error may leap by any factor and mean nothing.
      if (phase === "warm-start") continue;
      if (loss > this.#best + LEAP) {
        return `The loss has leapt from ${decimal(this.#best, 1)} to ${decimal(loss, 1)} nats: the steps are too large.`;
      }
      this.#best = Math.min(this.#best, loss);
    }
    return undefined;
  }
}

export interface Kept {
  readonly step: number;
  readonly bytes: Uint8Array;
}

/** The last few checkpoints of a run, a hundred steps apart. */
export class Checkpoints<K extends { readonly step: number } = Kept> {
  static readonly EVERY = 100;
  static readonly BACK = 200;
  static readonly #MOST = 5;
  #kept: K[] = [];

  /** @param begin the step that the run began at */
  constructor(readonly begin = 0) {}

  /** Whether it is time for the next one. */
  isDue(step: number): boolean {
    const last = this.#kept.at(-1);
    return step >= (last?.step ?? this.begin) + Checkpoints.EVERY;
  }

  add(kept: K): void {
    this.#kept.push(kept);
    if (this.#kept.length > Checkpoints.#MOST) this.#kept.shift();
  }

  /** The last one that is at least BACK steps before `step`; none: back to the beginning. */
  before(step: number): K | undefined {
    return this.#kept.filter((kept) => kept.step <= step - Checkpoints.BACK).at(-1);
  }

  /** Forgets what came after. */
  returnTo(step: number): void {
    this.#kept = this.#kept.filter((kept) => kept.step <= step);
  }
}
