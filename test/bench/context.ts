/** What every part of the benchmark is given, and how its results are put together. */
import type { CallCounter } from "../../src/bench/calls.js";
import { type Entry, type Failure, isEntry } from "../../src/bench/report.js";
import type { Peer } from "./peers/peer.js";

export interface Context {
  readonly peers: readonly Peer[];
  readonly counter: CallCounter;
  readonly repeats: number;
  readonly isSoftware: boolean;
  readonly say: (text: string) => void;
}

/** A name without modes, for work in which the modes of a library do not differ. */
const libraryOf = ({ name }: Peer) => name.split(",")[0]!;

/** Entries by peer. Time in JavaScript is left out: the peers' libraries wait in between. */
export function entriesOf(
  peers: readonly Peer[],
  entries: readonly (Entry | Error)[],
  nameOf: (peer: Peer) => string = libraryOf,
): Record<string, Entry | Failure> {
  return Object.fromEntries(
    peers.map((peer, i) => {
      const entry = entries[i]!;
      if (entry instanceof Error) return [nameOf(peer), { error: entry.message }];
      const { hostMs: _unused, ...rest } = entry;
      return [nameOf(peer), rest];
    }),
  );
}

/** The best WebGPU peer's median over ours. */
export function ratioOf(
  ours: Entry,
  peers: readonly Peer[],
  results: Readonly<Record<string, Entry | Failure>>,
  nameOf: (peer: Peer) => string = libraryOf,
): number | null {
  const medians = peers
    .filter(({ kind }) => kind === "webgpu")
    .map((peer) => results[nameOf(peer)])
    .filter((result) => result !== undefined && isEntry(result))
    .map(({ ms }) => ms.median);
  return medians.length > 0 ? Math.min(...medians) / ours.ms.median : null;
}
