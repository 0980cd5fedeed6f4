/**
 * A comparison as the fragment of a link: A as the density page writes a configuration, and with a B before the key
 * each setting in which B differs, e.g. "v=1&d=moons&…&w=500&Bw=0". So a link to the density page is one to this
 * page too, with B like A.
 */
import type { Config } from "../density/config.js";
import { fragmentOf, readFragment } from "../density/link.js";
import type { OwnData } from "../density/sets.js";
import { OWN_KEYS, type Pair } from "./pair.js";

const MARK = "B";

/** Steps that both sides take in a turn divide it: the warm start ends with a turn, so that the sides keep pace. */
const WHOLE_TURNS = 20;

/** What a link asks for: changes of A, what B has besides, and the parts that could not be used. */
export interface PairWish {
  readonly a: Partial<Config>;
  readonly b: Partial<Config>;
  readonly ignored: readonly string[];
}

/** The fragment, without "#". */
export function pairFragment({ a, b }: Pair, own: OwnData | undefined): string {
  const parts = new URLSearchParams(fragmentOf(a, own));
  for (const [key, text] of new URLSearchParams(fragmentOf(b, own))) {
    if (parts.get(key) !== text) parts.set(MARK + key, text);
  }
  return parts.toString();
}

/** @returns undefined when it is no configuration, such as the name of a place in the page */
export function readPair(fragment: string): PairWish | undefined {
  const left = new URLSearchParams();
  const right = new URLSearchParams();
  for (const [key, text] of new URLSearchParams(fragment.replace(/^#/, ""))) {
    if (key.startsWith(MARK)) right.append(key.slice(MARK.length), text);
    else left.append(key, text);
  }
  const first = readFragment(left.toString());
  if (!first) return undefined;
  const ignored = [...first.ignored];
  const a = { ...first.changes };
  const b: Partial<Config> = {};
  // Each by itself: what is of no use is named as the link has it.
  for (const [key, text] of right) {
    const read = readFragment(new URLSearchParams({ v: "1", [key]: text }).toString());
    const name = Object.keys(read?.changes ?? {})[0];
    if (OWN_KEYS.some((own) => own === name)) Object.assign(b, read?.changes);
    else ignored.push(`${MARK}${key}=${text}`);
  }
  for (const [side, mark] of [
    [a, ""],
    [b, MARK],
  ] as const) {
    if (side.warm === undefined || side.warm % WHOLE_TURNS === 0) continue;
    ignored.push(`${mark}w=${side.warm}`);
    delete side.warm;
  }
  return { a, b, ignored };
}

/** The pair that a link asks for, over what is there without one. */
export function pairFrom({ a, b }: PairWish, base: Config): Pair {
  const left = { ...base, ...a };
  return { a: left, b: { ...left, ...b } };
}
