/** Clock and repeats: engines take turns, A B A B, so that what else the machine does meets all of them alike. */
import { type CallCounter, type Calls, combined, NO_CALLS, scaled } from "./calls.js";
import type { Entry } from "./report.js";

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError without values */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("A spread needs at least one value.");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, min: sorted[0]!, max: sorted[sorted.length - 1]! };
}

/** A workload on one engine, ready to run. */
export interface Runner {
  /** Untimed, before every burst: brings the engine where bursts of that many calls run at their full speed. */
  warm(calls: number): Promise<void>;
  /** That many calls, and the wait for their results. */
  burst(calls: number): Promise<void>;
  dispose(): void | Promise<void>;
}

export interface Candidate {
  readonly name: string;
  /** What a peer runs on; absent for our own engine. */
  readonly peer?: "webgpu" | "wasm";
  /** @param parts how many of the parts that a call is made of to do, e.g. Runge–Kutta steps */
  prepare(parts: number): Promise<Runner>;
  /** Holds the memory of a whole call for a moment, without running it: asked of calls of which a part is timed. */
  allocate?(): Promise<void>;
  /** A whole call does not fit its memory. */
  readonly partOnly?: boolean;
  /** Operations of a call, for GFLOP/s. */
  readonly operations?: number;
}

export interface TimingOptions {
  /** Repeats of calls up to 5 s. */
  readonly repeats: number;
  /** Parts of equal cost in a call; 1 where it cannot be divided. */
  readonly parts: number;
  readonly counter: CallCounter;
  readonly say: (text: string) => void;
}

/** Calls longer than this are repeated LONG_REPEATS times. */
const LONG_MS = 5_000;
const LONG_REPEATS = 3;
/** Of calls longer than this one part is timed, and scaled. */
const SCALED_MS = 30_000;
/** A peer so many times slower than the best one is not going to be it: of its long parts one is timed. */
const OUT_OF_REACH = 2;
/** A burst lasts about this long, so that the clock's resolution and a single pause of the machine weigh little. */
const BURST_MS = 250;
const MOST_CALLS = 256;

interface Running {
  readonly candidate: Candidate;
  readonly runner: Runner;
  readonly scaledBy: number;
  readonly calls: number;
  /** Of a call, or of the part that is timed in its place, as far as the first calls tell. */
  readonly roughMs: number;
  /** Of long calls, those of the latest repeat. */
  counts: Calls;
  readonly peakBytes: number;
  readonly peakOfPart: boolean;
  readonly samples: number[];
  readonly hostSamples: number[];
}

/**
 * Times all candidates in turn and returns an entry for each, in their order; an Error in its place says why a
 * candidate could not be timed.
 */
export async function compare(
  candidates: readonly Candidate[],
  options: TimingOptions,
): Promise<(Entry | Error)[]> {
  const runs: (Running | Error)[] = [];
  for (const candidate of candidates) {
    const run = await start(candidate, options).catch(asError);
    if (run instanceof Error) options.say(`  ${candidate.name}: ${run.message}`);
    runs.push(run);
  }
  const running = runs.filter((run): run is Running => !(run instanceof Error));
  const repeats = repeatsOf(running, options);
  const rounds = Math.max(0, ...repeats.values());
  for (let round = 0; round < rounds; round++) {
    for (const run of running) if (round < repeats.get(run)!) await sample(run, options);
  }
  for (const { runner } of running) await runner.dispose();
  return runs.map((run) => (run instanceof Error ? run : entry(run)));
}

function repeatsOf(running: readonly Running[], { repeats }: TimingOptions): Map<Running, number> {
  const wholeMs = ({ roughMs, scaledBy }: Running) => roughMs * scaledBy;
  const best = Math.min(
    ...running.filter(({ candidate }) => candidate.peer === "webgpu").map((run) => wholeMs(run)),
  );
  const own = (run: Running): number => {
    const { candidate, roughMs, scaledBy } = run;
    if (roughMs <= LONG_MS) return repeats;
    const ranked = candidate.peer === "webgpu" && wholeMs(run) <= OUT_OF_REACH * best;
    const once = scaledBy > 1 && candidate.peer !== undefined && !ranked;
    return once ? 1 : Math.min(LONG_REPEATS, repeats);
  };
  return new Map(running.map((run) => [run, own(run)]));
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** First calls, unrecorded: they compile, and tell how many calls a burst takes and whether to scale. */
async function start(candidate: Candidate, options: TimingOptions): Promise<Running> {
  const { counter, parts, say } = options;
  const before = counter.liveBytes;
  counter.resetPeak();
  const began = performance.now();
  let ready = await firstCalls(candidate, 1);
  const long = candidate.partOnly || parts * ready.roughMs > SCALED_MS;
  const scaledBy = long ? parts : 1;
  if (parts > 1 && !long) {
    await ready.runner.dispose();
    counter.resetPeak();
    ready = await firstCalls(candidate, parts);
  }
  const { runner, roughMs } = ready;
  const calls = Math.max(1, Math.min(MOST_CALLS, Math.round(BURST_MS / roughMs)));
  const counts = roughMs > LONG_MS ? NO_CALLS : await countCalls(runner, calls, counter);
  const peakOfPart = scaledBy > 1 && !candidate.allocate;
  const peakBytes =
    peakOfPart || scaledBy === 1 ? counter.peakBytes - before : await peakOf(candidate, counter);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const about = (roughMs * scaledBy).toPrecision(3);
  say(`  ${candidate.name}: ready after ${seconds} s, about ${about} ms a call`);
  const samples = { samples: [], hostSamples: [] };
  return { candidate, runner, scaledBy, calls, roughMs, counts, peakBytes, peakOfPart, ...samples };
}

async function firstCalls(candidate: Candidate, parts: number): Promise<Pick<Running, "runner" | "roughMs">> {
  const runner = await candidate.prepare(parts);
  try {
    const first = await timed(runner, 1);
    // The first time still holds what an engine does once.
    return { runner, roughMs: first < LONG_MS ? Math.min(first, await timed(runner, 1)) : first };
  } catch (error) {
    await runner.dispose();
    throw error;
  }
}

async function peakOf(candidate: Candidate, counter: CallCounter): Promise<number> {
  const before = counter.liveBytes;
  counter.resetPeak();
  await candidate.allocate?.();
  return counter.peakBytes - before;
}

/**
 * Calls of the API per call: what n more calls in a burst add, so that reading the result at its end does not
 * count. Long calls are counted while they are timed, their reading included. An engine may put several calls in one
 * submit, more of them in a longer burst, so submits are simply divided.
 */
async function countCalls(runner: Runner, calls: number, counter: CallCounter): Promise<Calls> {
  const count = async (burst: number) => {
    await runner.warm(burst);
    return counted(counter, () => runner.burst(burst));
  };
  const once = await count(calls);
  const twice = await count(2 * calls);
  const added = combined(twice, once, (more, less) => (more - less) / calls);
  return { ...added, submits: twice.submits / (2 * calls) };
}

async function counted(counter: CallCounter, work: () => Promise<void>): Promise<Calls> {
  const before = counter.read();
  await work();
  return combined(counter.read(), before, (after, earlier) => after - earlier);
}

async function timed(runner: Runner, calls: number): Promise<number> {
  await runner.warm(calls);
  const began = performance.now();
  await runner.burst(calls);
  return (performance.now() - began) / calls;
}

async function sample(run: Running, { counter }: TimingOptions): Promise<void> {
  const { runner, calls, samples, hostSamples, scaledBy, roughMs } = run;
  await runner.warm(calls);
  const began = performance.now();
  const counts = await counted(counter, () => runner.burst(calls));
  samples.push(((performance.now() - began) / calls) * scaledBy);
  hostSamples.push(((counter.lastWork - began) / calls) * scaledBy);
  if (roughMs > LONG_MS) run.counts = scaled(counts, 1 / calls);
}

function entry(run: Running): Entry {
  const { candidate, samples, hostSamples, calls, counts, scaledBy, peakBytes, peakOfPart } = run;
  const ms = spread(samples);
  return {
    ms,
    repeats: samples.length,
    callsPerRepeat: calls,
    ...counts,
    ...(scaledBy > 1 && { scaledBy }),
    ...(candidate.operations && { gflops: candidate.operations / ms.median / 1e6 }),
    hostMs: spread(hostSamples).median,
    peakBytes,
    ...(peakOfPart && { peakOfPart }),
  };
}
