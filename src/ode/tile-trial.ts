/**
 * How many samples a workgroup of the fused kernels should have, by measurement: at first use of a shape, one Runge-Kutta
 * step with each tile that fits, within 300 ms, compilation included. Remembered for the session and beyond it, beside
 * the adapter's calibration (src/ode/calibration.ts), under a key of its own.
 */
import type { TracePlan } from "../field/trace.js";
import type { Weights } from "../field/weights.js";
import { forward as forwardModule } from "../generated/fused/block/forward.js";
import type { Device } from "../gpu/device.js";
import { calibrationKey, storeOf, takeSpent } from "./calibration.js";
import { FusedForward } from "./fused-forward.js";
import { type FusedShape, fittingTiles } from "./fused-plan.js";

/** Milliseconds of one step of the solve with a tile. */
export interface TileTime {
  readonly tile: number;
  readonly milliseconds: number;
}

export interface TileTrial {
  /** Samples of a workgroup: what is taken. */
  readonly tile: number;
  /** Of each tile that was timed; none where time ran out first. */
  readonly times: readonly TileTime[];
}

/** What can be timed: milliseconds of a solve, and its end. */
export interface Timed {
  time(): Promise<number>;
  dispose(): void;
}

/** Milliseconds of a calibration, and of a trial less those of a calibration just before it. */
const BUDGET = 300;
/** A tile other than the usual one must take at most this share of its time. */
const CLEARLY_FASTER = 0.9;
const ROUNDS = 3;
/** Milliseconds of a burst, and steps in one at most; as in a calibration, but there are two tiles to time. */
const BURST = 4;
const MOST = 512;
/** Rows of the timed step: those of the solve up to a power of 4, so that nearby batches share a trial; fewer, if so much work. */
const ROWS = { least: 64, most: 4096, multiplyAdds: 1e9 } as const;

/** Of this session, by adapter and shape. */
const known = new Map<string, Promise<TileTrial>>();

/**
 * The tile for a shape of blocks whose rows fit workgroup memory in more ways than one: remembered, or timed now.
 * Never throws: without a measurement it is the usual one, the largest. @param budget milliseconds
 */
export function triedTile(
  device: Device,
  weights: Weights,
  shape: FusedShape,
  budget = BUDGET,
): Promise<TileTrial> {
  const key = keyOf(device, shape);
  const shared = known.get(key) ?? recallOrTry(device, weights, shape, key, budget);
  known.set(key, shared);
  return shared;
}

function keyOf({ adapter }: Device, shape: FusedShape): string {
  const { packing, plan, probes, augmented } = shape;
  const { dim, hidden, layer, activation, residual } = packing.spec;
  const field = [dim, ...hidden, layer, activation, residual ? "residual" : "plain"];
  const { name, stages } = plan.method;
  const steps = [name, stages, plan.fixedSteps > 0 ? "fixed" : "adaptive", augmented ? "augmented" : "state"];
  return [calibrationKey(adapter), forwardModule.hash, ...field, 1 + probes, ...steps, rowsOf(shape)].join(
    "|",
  );
}

export function rowsOf({ batch, packing, probes, plan }: FusedShape): number {
  const each = (1 + probes) * plan.method.stages * (packing.packedSize / 2);
  let rows: number = ROWS.least;
  while (rows < Math.min(batch, ROWS.most) && 4 * rows * each <= ROWS.multiplyAdds) rows *= 4;
  return rows;
}

async function recallOrTry(
  device: Device,
  weights: Weights,
  shape: FusedShape,
  key: string,
  budget: number,
): Promise<TileTrial> {
  const candidates = fittingTiles(shape);
  const store = await storeOf(device).catch(() => undefined);
  const recalled = readTrial(await store?.read(key).catch(() => undefined), candidates);
  if (recalled) return recalled;
  const spent = takeSpent(device);
  const trial = await chooseTile(
    candidates,
    (tile) => timedStep(device, weights, shape, tile),
    budget - spent,
  );
  // A lost device says nothing of its adapter.
  if (device.isLost) known.delete(key);
  // A session that calibrates had less time: the next one may get to the end.
  else if (trial.times.length > 0 || spent === 0)
    await store?.write(key, JSON.stringify(trial)).catch(() => {});
  return trial;
}

/** A trial as it was written; undefined where the text is none, or none of these tiles. */
export function readTrial(text: string | undefined, candidates: readonly number[]): TileTrial | undefined {
  try {
    const { tile, times } = JSON.parse(text ?? "null") as TileTrial;
    const right = times.every(
      (one) => candidates.includes(one.tile) && Number.isFinite(one.milliseconds) && one.milliseconds > 0,
    );
    return right && candidates.includes(tile) ? { tile, times } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The first candidate, unless another takes clearly less time; also where the time is up before every one of them was
 * timed. One that fails is passed over. They are timed in turn, because a GPU speeds up under load.
 * @param prepare compiles; what it makes is disposed here, also when it comes too late @param budget milliseconds
 */
export async function chooseTile(
  candidates: readonly number[],
  prepare: (tile: number) => Promise<Timed>,
  budget: number,
): Promise<TileTrial> {
  const usual = candidates[0]!;
  const untimed = { tile: usual, times: [] };
  const until = performance.now() + budget;
  const ready = new Map<number, { timed: Timed; spent: number[] }>();
  try {
    for (const tile of candidates) {
      const pending = prepare(tile);
      const timed = await before(until, pending);
      if (timed === "late") {
        pending.then((late) => late.dispose()).catch(() => {});
        return untimed;
      }
      if (timed) ready.set(tile, { timed, spent: [] });
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const [tile, { timed, spent }] of ready) {
        const milliseconds = await before(until, timed.time());
        if (milliseconds === "late") return round === 0 ? untimed : fastest(usual, ready);
        if (milliseconds !== undefined) spent.push(milliseconds);
        else if (ready.delete(tile)) timed.dispose();
      }
    }
    return fastest(usual, ready);
  } finally {
    for (const { timed } of ready.values()) timed.dispose();
  }
}

function fastest(usual: number, ready: ReadonlyMap<number, { readonly spent: number[] }>): TileTrial {
  const times = [...ready].map(([tile, { spent }]) => {
    const sorted = [...spent].sort((one, other) => one - other);
    return { tile, milliseconds: Number(sorted[Math.floor((sorted.length - 1) / 2)]!.toPrecision(2)) };
  });
  if (times.length === 0) return { tile: usual, times };
  const best = times.reduce((one, other) => (other.milliseconds < one.milliseconds ? other : one));
  const mark = times.find(({ tile }) => tile === usual);
  const clearly = !mark || best.milliseconds <= CLEARLY_FASTER * mark.milliseconds;
  return { tile: clearly ? best.tile : usual, times };
}

/** What comes of it, undefined if it fails, "late" if it takes longer. */
async function before<T>(until: number, pending: Promise<T>): Promise<T | "late" | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), Math.max(0, until - performance.now()));
  });
  try {
    return await Promise.race([pending.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A step of length 0, so that nothing grows however often it is taken; probes of zeros take as long as others. */
async function timedStep(device: Device, weights: Weights, shape: FusedShape, tile: number): Promise<Timed> {
  const { plan, probes, traceWeight } = shape;
  const trace: TracePlan | undefined =
    probes > 0 ? { kind: "exact", probes, weight: traceWeight, seed: 0 } : undefined;
  const solve = await FusedForward.create(device, weights, {
    batch: rowsOf(shape),
    plan: { ...plan, fixedSteps: 1, maxSteps: 1 },
    trace,
    tiling: { form: "block", tile, spill: false },
  });
  const step = solve.steps().at(0);
  const burst = async (count: number) => {
    const start = performance.now();
    device.run(new Array(count).fill(step).flat(), "tile trial");
    await device.finished();
    return performance.now() - start;
  };
  try {
    // What is under way on the device is not ours to time, nor is what drivers compile at first use.
    await burst(1);
    let count = 1;
    while (count < MOST && (await burst(count)) < BURST) count *= 2;
    return { time: async () => (await burst(count)) / count, dispose: () => solve.dispose() };
  } catch (error) {
    solve.dispose();
    throw error;
  }
}
