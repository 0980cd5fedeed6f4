/**
 * T: wall time until the held-out KL on two moons is at most TARGET. The clock stands still while a checkpoint is
 * evaluated, which our engine does for everyone: 10,000 held-out points, exact trace, RK4 with 8 steps.
 */
import { combined, NO_CALLS, scaled } from "../../src/bench/calls.js";
import { type Problem, problemOf, uniforms } from "../../src/bench/problem.js";
import type { Entry, Failure, QualityEntry, WorkloadResult } from "../../src/bench/report.js";
import { spread } from "../../src/bench/timing.js";
import type { FlowShape } from "../../src/bench/workloads.js";
import { cnf, type Device, data, type Flow, type TrainOptions, train } from "../../src/index.js";
import { type Context, ratioOf } from "./context.js";
import type { Peer } from "./peers/peer.js";

const TARGET = 0.12;
/** Steps between checkpoints, and of likelihood alone before the first: until then no engine comes near. */
const EVERY = 20;
const FIRST_ALONE = 200;
/** Of ours. A peer takes minutes and is timed once. */
const REPEATS = 3;
/** An engine that has not come so far by then has failed. */
const MOST_MS = 3_600_000;

/** The best found for each engine; both train on standardised data. */
const PEERS: Setting = { hidden: [64, 64, 64], rkSteps: 4, batch: 256, steps: 800, rate: 4e-3 };
const OURS = { ...PEERS, steps: 60, warm: { steps: 1500, batch: 256, lr: 2e-2 } } satisfies Setting;

interface Setting {
  readonly hidden: readonly number[];
  readonly rkSteps: number;
  readonly batch: number;
  /** Of maximum likelihood, and the first rate of its Adam. */
  readonly steps: number;
  readonly rate: number;
  /** Flow matching before, of which the clock counts every step. */
  readonly warm?: { readonly steps: number; readonly batch: number; readonly lr: number };
}

function textOf({ hidden, rkSteps, batch, steps, rate, warm }: Setting): string {
  const text = `${hidden.join("-")}, RK4 with ${rkSteps} steps, batch ${batch}, Adam from ${rate} by a cosine over ${steps} steps`;
  if (!warm) return text;
  return `${warm.steps} steps of flow matching (batch ${warm.batch}, Adam from ${warm.lr}), then ${text}`;
}

function shapeOf({ hidden, rkSteps }: Setting): FlowShape {
  return { dim: 2, hidden, layer: "concat_first", method: "rk4", rkSteps, gradient: "discrete" };
}

/** @param fastest the WebGPU peers to run */
export async function runQuality(
  device: Device,
  context: Context,
  fastest: readonly Peer[],
): Promise<WorkloadResult> {
  const moons = data.moons({ seed: 0 });
  const judge = new Judge(device, moons);
  const once = async () => timeTo(context, "ours", OURS, await ourSteps(device, moons, judge));
  const first = await once();
  const peers: Record<string, Entry | Failure> = {};
  for (const peer of fastest) {
    peers[peer.name] = await timeTo(context, peer.name, PEERS, await peerSteps(peer, moons, judge)).catch(
      (error: Error) => ({ error: error.message }),
    );
  }
  const all = [first.ms.median];
  while (all.length < Math.min(REPEATS, context.repeats)) all.push((await once()).ms.median);
  const ours = { ...first, ms: spread(all), repeats: all.length };
  judge.dispose();
  const about = `time until held-out KL ≤ ${TARGET} nats on two moons, checked every ${EVERY} steps`;
  return { about, ours, peers, ratio: ratioOf(ours, fastest, peers, ({ name }) => name) };
}

/** An engine in training: EVERY steps at a time, and its KL. */
interface Steps {
  next(): Promise<void>;
  kl(): Promise<number>;
  dispose(): void | Promise<void>;
}

async function timeTo(context: Context, name: string, setting: Setting, run: Steps): Promise<QualityEntry> {
  const { counter, say } = context;
  const before = counter.liveBytes;
  counter.resetPeak();
  let calls = NO_CALLS;
  let ms = 0;
  try {
    for (let steps = EVERY; steps <= setting.steps && ms < MOST_MS; steps += EVERY) {
      const earlier = counter.read();
      const began = performance.now();
      await run.next();
      ms += performance.now() - began;
      calls = combined(
        calls,
        combined(counter.read(), earlier, (a, b) => a - b),
        (a, b) => a + b,
      );
      if (!setting.warm && steps < FIRST_ALONE) continue;
      const kl = await run.kl();
      say(`  ${name}: step ${steps}, ${(ms / 1000).toFixed(1)} s, KL ${kl.toFixed(3)}`);
      if (kl > TARGET) continue;
      const all = (setting.warm?.steps ?? 0) + steps;
      return {
        ms: spread([ms]),
        repeats: 1,
        callsPerRepeat: all,
        ...scaled(calls, 1 / all),
        peakBytes: counter.peakBytes - before,
        steps: all,
        kl,
        setting: textOf(setting),
      };
    }
  } finally {
    await run.dispose();
  }
  throw new Error(`KL ${TARGET} was not reached in ${(ms / 1000).toFixed(0)} s.`);
}

/** A flow that only evaluates. */
class Judge {
  readonly #flow: Flow;
  readonly problem: Problem;

  constructor(
    device: Device,
    private readonly moons: data.Dataset,
  ) {
    this.problem = problemOf(shapeOf(OURS), 2);
    const { field, params } = this.problem;
    const standardisation = data.standardisation(moons.points, 2);
    this.#flow = cnf(device, { field, params, method: "rk4", steps: 8, standardisation });
  }

  async kl(params: Float32Array): Promise<number> {
    await this.#flow.setParams(params);
    return data.klFromData(this.moons, await this.#flow.logProb(this.moons.heldOut)).nats;
  }

  dispose(): void {
    this.#flow.dispose();
  }
}

async function ourSteps(device: Device, moons: data.Dataset, judge: Judge): Promise<Steps> {
  const { rkSteps, batch, steps, rate, warm } = OURS;
  const { field, params } = judge.problem;
  const flow = cnf(device, { field, params, method: "rk4", steps: rkSteps });
  const options: TrainOptions = {
    steps,
    batch,
    lr: rate,
    schedule: "cosine",
    trace: { kind: "hutchinson" },
    reportEvery: 512,
    evaluateEvery: EVERY,
    warmStart: warm,
  };
  // Without held-out points the run evaluates nothing itself, and only stops for the checkpoint.
  const run = train(flow, { ...moons, heldOut: new Float32Array() }, options)[Symbol.asyncIterator]();
  return {
    next: async () => {
      let report = await run.next();
      while (!report.done && report.value.phase === "warm-start") report = await run.next();
    },
    kl: async () => judge.kl(await flow.params()),
    dispose: async () => {
      await run.return(undefined);
      flow.dispose();
    },
  };
}

async function peerSteps(peer: Peer, moons: data.Dataset, judge: Judge): Promise<Steps> {
  const { batch, steps, rate } = PEERS;
  const points = data.standardise(moons.points, data.standardisation(moons.points, 2));
  const trainer = await peer.trainer({ ...problemOf(shapeOf(PEERS), batch), params: judge.problem.params });
  const next = uniforms(5);
  let done = 0;
  return {
    next: async () => {
      for (let i = 0; i < EVERY; i++, done++) {
        const rows = Array.from({ length: batch }, () => Math.floor(next() * moons.rows));
        const drawn = Float32Array.from(rows.flatMap((row) => [points[2 * row]!, points[2 * row + 1]!]));
        const probes = Float32Array.from(drawn, () => (next() < 0.5 ? -1 : 1));
        await trainer.feed(drawn, probes, 0.5 * rate * (1 + Math.cos((Math.PI * done) / steps)));
        await trainer.burst(1);
      }
    },
    kl: async () => judge.kl(await trainer.params()),
    dispose: () => trainer.dispose(),
  };
}
