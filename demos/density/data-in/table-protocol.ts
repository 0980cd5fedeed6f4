/** What the page and the worker that reads its tables say to each other. */
import type { OwnData } from "../sets.js";
import type { Cell } from "./table.js";

export type TableCommand =
  | { readonly type: "read"; readonly bytes: Uint8Array<ArrayBuffer>; readonly file: string }
  /** Of the table that was read; rows that cannot be read end it, or are left out. */
  | { readonly type: "pick"; readonly pair: readonly [number, number]; readonly leaveOut: boolean };

/** A table has been read. */
export interface Summary {
  readonly type: "table";
  readonly file: string;
  readonly columns: readonly string[];
  /** The first rows that are not blank. */
  readonly first: readonly (readonly Cell[])[];
  readonly likely: readonly [number, number];
}

/** Two columns as points, or why not. */
export interface Judged {
  readonly type: "judged";
  readonly own: OwnData | undefined;
  /** What was done, or what is wrong. */
  readonly words: string;
}

export type TableEvent = Summary | Judged | { readonly type: "unreadable"; readonly words: string };
