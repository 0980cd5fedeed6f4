/** How far from its start a point comes back to, and where it is between two drawn frames. */
export interface RoundTrip {
  /** Distances in the units of the data. */
  readonly max: number;
  readonly median: number;
}

/** @param start [n, 2] @param end [n, 2], of the same points; n of at least 1 */
export function roundTrip(start: ArrayLike<number>, end: ArrayLike<number>): RoundTrip {
  const distances = Array.from({ length: start.length / 2 }, (_, i) =>
    Math.hypot(end[2 * i]! - start[2 * i]!, end[2 * i + 1]! - start[2 * i + 1]!),
  ).sort((a, b) => a - b);
  const middle = (distances.length - 1) / 2;
  const median = (distances[Math.floor(middle)]! + distances[Math.ceil(middle)]!) / 2;
  return { max: distances.at(-1)!, median };
}

/** Where a journey of two legs is: which leg, and how far along it. */
export interface Place {
  readonly leg: "out" | "back";
  /** 0 … 1 */
  readonly share: number;
}

/** @param progress 0 (data) … 0.5 (noise) … 1 (data again) */
export function placeAt(progress: number): Place {
  return progress <= 0.5 ? { leg: "out", share: 2 * progress } : { leg: "back", share: 2 * progress - 1 };
}

/** All points at a share of the way through the frames, on straight lines between two of them. */
export function stateAt(frames: readonly Float32Array[], share: number): Float32Array {
  const position = share * (frames.length - 1);
  const before = frames[Math.floor(position)]!;
  const after = frames[Math.ceil(position)]!;
  return before.map((value, i) => value + (position % 1) * (after[i]! - value));
}

/** The ways of all points up to that share, each [k, 2]. */
export function waysTo(frames: readonly Float32Array[], share: number): number[][] {
  const passed = frames.slice(0, Math.floor(share * (frames.length - 1)) + 1);
  const now = stateAt(frames, share);
  return Array.from({ length: now.length / 2 }, (_, i) =>
    [...passed, now].flatMap((frame) => [frame[2 * i]!, frame[2 * i + 1]!]),
  );
}
