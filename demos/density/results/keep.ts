/** The last run, kept in this browser's own store (IndexedDB): settings, points, weights with the optimiser, curves. */
import { del, get, set } from "idb-keyval";
import { integer } from "../../shared/format.js";
import { type Config, PRESETS, parseSetting } from "../config.js";
import type { Row } from "../history.js";
import type { Beginning } from "../protocol.js";
import { defineOwn, OWN, type OwnData, ownData, setOf } from "../sets.js";

export interface Kept {
  readonly version: 1;
  /** Milliseconds since 1970. */
  readonly when: number;
  readonly config: Config;
  readonly own?: OwnData;
  readonly beginning: Beginning;
  readonly rows: readonly Row[];
}

const KEY = "fjordgpu-density";
/** Where the library remembers its calibrations (README, on calibration). */
const CALIBRATIONS = "fjordgpu";

/** What was kept; undefined when there is nothing, or nothing that this version of the page understands. */
export async function readKept(): Promise<Kept | undefined> {
  try {
    return checked(await get(KEY));
  } catch {
    // A browser may have no store at all, or refuse it to this page.
    return undefined;
  }
}

/** A full or forbidden store keeps nothing; the page goes on without. */
export async function keep(kept: Kept): Promise<void> {
  await set(KEY, kept).catch(() => undefined);
}

/** The run, and what the library remembers of the device. */
export async function forget(): Promise<void> {
  await Promise.all([del(KEY).catch(() => undefined), forgetCalibrations()]);
}

/** Deletes the library's database. Where a browser has none, there is nothing to delete. */
function forgetCalibrations(): Promise<void> {
  return new Promise((resolve) => {
    const done = () => resolve();
    try {
      const deleting = indexedDB.deleteDatabase(CALIBRATIONS);
      // Blocked: another page reads it at this moment; it goes when that is done.
      deleting.onsuccess = deleting.onerror = deleting.onblocked = done;
    } catch {
      done();
    }
  });
}

/** The value if it is a run that this page can go on with. */
export function checked(value: unknown): Kept | undefined {
  const kept = value as Partial<Kept> | undefined;
  if (kept?.version !== 1 || !(kept.beginning?.bytes instanceof Uint8Array) || !Array.isArray(kept.rows)) {
    return undefined;
  }
  const { own } = kept;
  // Settings that a run was kept without are those that it had.
  const config = { ...PRESETS.standard, ...kept.config };
  const before = ownData();
  // A setting is allowed by the same rules as in the address, and there "own" must exist.
  if (own instanceof Object && own.points instanceof Float32Array) defineOwn(own);
  const names = Object.keys(PRESETS.standard) as (keyof Config)[];
  const valid = names.every((name) => parseSetting(name, String(config[name])) !== undefined);
  defineOwn(before);
  return valid ? ({ ...kept, config } as Kept) : undefined;
}

/** Which run it is, in words. */
export function keptText({ config, own, beginning, when }: Kept): string {
  const title = config.set === OWN ? (own?.title ?? "") : setOf(config).title;
  const date = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" }).format(when);
  return `${title}, ${integer(beginning.step)} training steps, ${date}.`;
}
