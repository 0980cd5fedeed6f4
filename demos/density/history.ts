/** The curves of a run, kept short however long the run is. */
import type { Columns } from "../shared/chart.js";
import type { Progress } from "./protocol.js";

/** More points than a chart has pixels serve nobody: beyond this every second one is dropped. */
const MOST = 1200;

export interface Row {
  readonly step: number;
  /** NLL, nats. */
  readonly loss: number | null;
  readonly heldOut: number | null;
  /** Evaluations of the field. */
  readonly nfe: number;
  readonly nfeBackward: number;
  /** Milliseconds. */
  readonly stepTime: number | null;
}

export class History {
  #rows: Row[] = [];

  add({ step, loss, heldOut, nfe, nfeBackward, stepTime }: Progress): void {
    // A run that went back some steps takes its curves with it.
    if (step <= (this.#rows.at(-1)?.step ?? -1)) this.#rows = this.#rows.filter((row) => row.step < step);
    const known = { loss: loss ?? null, heldOut: heldOut ?? null, stepTime: stepTime ?? null };
    this.#rows.push({ step, nfe, nfeBackward, ...known });
    if (this.#rows.length > MOST) {
      // Held-out values are rare, so their rows stay.
      this.#rows = this.#rows.filter((row, i) => i % 2 === 0 || row.heldOut !== null);
    }
  }

  clear(): void {
    this.#rows = [];
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** Puts kept rows back. */
  restore(rows: readonly Row[]): void {
    this.#rows = [...rows];
  }

  /** Steps, training NLL, held-out NLL, and the floor where the data have one. */
  nll(floor: number | undefined): Columns {
    return this.#columns(
      [({ loss }) => loss, ({ heldOut }) => heldOut, () => floor ?? null],
      [null, null, floor ?? null],
    );
  }

  /** Steps, evaluations forwards, evaluations backwards. */
  evaluations(): Columns {
    return this.#columns([({ nfe }) => nfe, ({ nfeBackward }) => nfeBackward], [null, null]);
  }

  /** Steps, milliseconds a step. */
  stepTimes(): Columns {
    return this.#columns([({ stepTime }) => stepTime], [null]);
  }

  /** At most so many rows, evenly chosen, the last always among them; where there are held-out values, of their rows. */
  table(most: number): readonly Row[] {
    const judged = this.#rows.filter(({ heldOut }) => heldOut !== null);
    const rows = judged.length > 1 ? judged : this.#rows;
    const every = Math.ceil(rows.length / most);
    return rows.filter((_, i) => (rows.length - 1 - i) % Math.max(1, every) === 0);
  }

  /** @param first the row for step 0: with it the axes begin there, also while there is nothing else to show */
  #columns(values: readonly ((row: Row) => number | null)[], first: readonly (number | null)[]): Columns {
    const rows = this.#rows;
    return [
      [0, ...rows.map(({ step }) => step)],
      ...values.map((value, i) => [first[i] ?? null, ...rows.map(value)]),
    ] as Columns;
  }
}
