/** The curves of a run, kept short however long the run is. */
import type { Columns } from "../shared/chart.js";
import type { Progress } from "./protocol.js";

/** More points than a chart has pixels serve nobody: beyond this every second one is dropped. */
const MOST = 1200;

export interface Row {
  readonly step: number;
  readonly loss: number | null;
  readonly heldOut: number | null;
  readonly nfe: number;
  readonly nfeBackward: number;
}

export class History {
  #rows: Row[] = [];

  add({ step, loss, heldOut, nfe, nfeBackward }: Progress): void {
    this.#rows.push({ step, loss: loss ?? null, heldOut: heldOut ?? null, nfe, nfeBackward });
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
    const rows = this.#rows;
    // A row for step 0 makes the axes begin there, also while there is nothing else to show.
    return [
      [0, ...rows.map(({ step }) => step)],
      [null, ...rows.map(({ loss }) => loss)],
      [null, ...rows.map(({ heldOut }) => heldOut)],
      [floor ?? null, ...rows.map(() => floor ?? null)],
    ];
  }

  /** Steps, evaluations forwards, evaluations backwards. */
  evaluations(): Columns {
    const rows = this.#rows;
    return [
      [0, ...rows.map(({ step }) => step)],
      [null, ...rows.map(({ nfe }) => nfe)],
      [null, ...rows.map(({ nfeBackward }) => nfeBackward)],
    ];
  }
}
