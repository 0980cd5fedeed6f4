/**
 * Where calibrations outlast a session: texts by key. In pages and workers IndexedDB, in Node a file in the user's cache
 * folder. A store that cannot be read or written is as good as an empty one, never an error.
 */

export interface CalibrationStore {
  /** What was written under this key, if anything. */
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string): Promise<void>;
}

/** Milliseconds after which a database counts as absent: a browser may leave a request to it unanswered. */
const PATIENCE = 1000;
const DATABASE = "fjordgpu";
const TABLE = "calibrations";

/** The store of the place this runs in; undefined where there is none. */
export async function defaultStore(): Promise<CalibrationStore | undefined> {
  if (typeof indexedDB !== "undefined") return indexedDbStore;
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (!process?.versions?.node) return undefined;
  // A variable keeps bundlers for the browser from following this import.
  const nodeModule = "../node/calibration-file.js";
  try {
    const { fileStore } = (await import(
      /* @vite-ignore */ nodeModule
    )) as typeof import("../node/calibration-file.js");
    return fileStore;
  } catch {
    // Bundled without its Node part.
    return undefined;
  }
}

const indexedDbStore: CalibrationStore = {
  read: (key) => inTable("readonly", (table) => table.get(key) as IDBRequest<string | undefined>),
  write: async (key, text) => {
    await inTable("readwrite", (table) => table.put(text, key));
  },
};

/** What one request answers; undefined when it fails. */
function inTable<T>(
  mode: IDBTransactionMode,
  ask: (table: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const none = () => resolve(undefined);
    setTimeout(none, PATIENCE);
    try {
      const opening = indexedDB.open(DATABASE, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
      opening.onerror = none;
      opening.onsuccess = () => {
        const database = opening.result;
        const transaction = database.transaction(TABLE, mode);
        const request = ask(transaction.objectStore(TABLE));
        transaction.oncomplete = () => {
          resolve(request.result);
          database.close();
        };
        transaction.onabort = none;
      };
    } catch {
      // Forbidden, as in a sandboxed frame.
      none();
    }
  });
}
