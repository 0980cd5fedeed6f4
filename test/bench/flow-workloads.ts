/** W0 to W4: training steps, densities and samples, ours and the peers in turn, each peer checked before it is timed. */
import { carried, logDensity, lossAndGradient, TrainRunner, workloadRunner } from "../../src/bench/engine.js";
import { gridOf, problemOf } from "../../src/bench/problem.js";
import type { WorkloadResult } from "../../src/bench/report.js";
import { type Candidate, compare, type Runner } from "../../src/bench/timing.js";
import {
  type FlowWorkload,
  rowsOf,
  type TrainWorkload,
  workloadOperations,
} from "../../src/bench/workloads.js";
import { type Device, openDevice } from "../../src/index.js";
import { type Context, entriesOf, ratioOf } from "./context.js";
import { basePoints } from "./peers/jax.js";
import { largestDisagreement, relativeError } from "./peers/layout.js";
import { callRunner, type Peer } from "./peers/peer.js";

/** Peers must give our numbers up to this, relative to the largest entry of each tensor. */
const AGREEMENT = 1e-5;
/** Checks of wider fields take one step of fewer rows: the same formulas, without minutes on a software adapter. */
const WIDEST_WHOLE_CHECK = 128;
const ROWS_OF_CHECK = 128;

/** W4, which is layered, has dispatches that are shorter than a Runge–Kutta step anyhow. */
const LARGEST_SPLIT = 512;

const nameOf = ({ name }: Peer) => name;

/**
 * Ours on a device of its own, so that its memory can be told. No driver takes a software adapter for hung: there a
 * submission may be as long as it likes, and what it costs to split a step is shown beside it.
 */
export async function runFlowWorkload(workload: FlowWorkload, context: Context): Promise<WorkloadResult> {
  const { isSoftware } = context;
  const device = await openDevice({ workPerSubmit: isSoftware ? Number.POSITIVE_INFINITY : undefined });
  const splits = isSoftware && workload.kind === "train" && workload.shape.rkSteps > 0;
  // Less work than any step has: every Runge–Kutta step goes by itself.
  const split =
    splits && workload.batch <= LARGEST_SPLIT ? await openDevice({ workPerSubmit: 1 }) : undefined;
  try {
    return await compared(device, split, workload, context);
  } finally {
    device.dispose();
    split?.dispose();
  }
}

async function compared(
  device: Device,
  splitDevice: Device | undefined,
  workload: FlowWorkload,
  context: Context,
): Promise<WorkloadResult> {
  const operations = workloadOperations(workload);
  const suited = context.peers.filter((peer) => candidateOf(peer, workload));
  const disagreement = checkOf(device, workload);
  const gaps = new Map<Peer, number>();
  const wrong: [string, { error: string }][] = [];
  for (const peer of suited) {
    const gap = await disagreement(peer).catch(String);
    if (typeof gap === "number" && gap <= AGREEMENT) {
      gaps.set(peer, gap);
      continue;
    }
    const error =
      typeof gap === "number" ? `It is off by ${gap.toExponential(2)} of the largest entry.` : gap;
    wrong.push([peer.name, { error }]);
    context.say(`  ${peer.name} is not timed: ${error}`);
  }
  const right = suited.filter((peer) => gaps.has(peer));
  let latest: Runner | undefined;
  const ours: Candidate = {
    name: "ours",
    operations,
    prepare: async (parts) => {
      latest = workloadRunner(device, workload, Math.min(parts, workload.shape.rkSteps));
      return latest;
    },
    ...(workload.kind === "train" && { allocate: () => allocated(device, workload) }),
  };
  const theirs = right.map((peer) => ({
    ...candidateOf(peer, workload)!,
    peer: peer.kind,
    // WebAssembly has 4 GiB, and a library that ran out of them does not give back what it held.
    partOnly: peer.kind === "wasm" && isWide(workload),
    operations,
  }));
  const split: Candidate[] = splitDevice
    ? [
        {
          name: "ours, a dispatch a Runge–Kutta step",
          operations,
          prepare: async (parts) => workloadRunner(splitDevice, workload, parts),
        },
      ]
    : [];
  const entriesInTurn = await compare([ours, ...theirs, ...split], {
    ...context,
    parts: Math.max(1, workload.shape.rkSteps),
  });
  const [first, ...others] = entriesInTurn;
  if (first === undefined || first instanceof Error) throw first;
  const inParts = splitDevice && others.pop();
  if (inParts instanceof Error) throw inParts;
  const entries = others.map((other, i) =>
    other instanceof Error ? other : { ...other, disagreement: gaps.get(right[i]!) },
  );
  const peers = { ...entriesOf(right, entries, nameOf), ...Object.fromEntries(wrong) };
  const report = latest instanceof TrainRunner ? latest.last : undefined;
  const nfe = report && report.nfe + report.nfeBackward;
  return {
    about: workload.about,
    operations,
    ours: { ...first, nfe },
    ...(inParts && { split: inParts }),
    peers,
    ratio: ratioOf(first, right, peers, nameOf),
  };
}

const isWide = ({ shape }: FlowWorkload) => shape.hidden.some((width) => width > WIDEST_WHOLE_CHECK);

/** undefined where the peer has nothing for the workload. */
function candidateOf(peer: Peer, workload: FlowWorkload): Candidate | undefined {
  const { name } = peer;
  const { shape } = workload;
  // Peers have neither adaptive steps nor a continuous adjoint of their own.
  if (shape.rkSteps === 0) return undefined;
  const problem = (rkSteps: number, rows: number) => problemOf({ ...shape, rkSteps }, rows);
  if (workload.kind === "train") {
    return { name, prepare: (rkSteps) => peer.trainer(problem(rkSteps, rowsOf(workload))) };
  }
  if (workload.kind === "density") {
    const { density } = peer;
    const points = gridOf(workload.grid);
    return (
      density && { name, prepare: async (rkSteps) => callRunner(await density(problem(rkSteps, 2), points)) }
    );
  }
  const { sampler } = peer;
  const { count } = workload;
  return (
    sampler && { name, prepare: async (rkSteps) => callRunner(await sampler(problem(rkSteps, 2), count)) }
  );
}

async function allocated(device: Device, workload: TrainWorkload): Promise<void> {
  const runner = new TrainRunner(device, workload);
  await runner.allocate().finally(() => runner.dispose());
}

/** Tells how far a peer's result is from ours on the same numbers; ours are computed once. */
function checkOf(device: Device, workload: FlowWorkload): (peer: Peer) => Promise<number> {
  const wide = isWide(workload);
  const shape = { ...workload.shape, rkSteps: wide ? 1 : workload.shape.rkSteps };
  if (workload.kind === "train") {
    const problem = problemOf(shape, wide ? ROWS_OF_CHECK : rowsOf(workload));
    let ours: ReturnType<typeof lossAndGradient> | undefined;
    return async (peer) => {
      ours ??= lossAndGradient(device, problem);
      const { loss, gradient } = await ours;
      const theirs = await peer.lossAndGradient(problem);
      const gap = largestDisagreement(problem.field, theirs.gradient, gradient);
      return Math.max(relativeError([theirs.loss], [loss]), gap);
    };
  }
  const problem = problemOf(shape, 2);
  const density = workload.kind === "density";
  const points = density ? gridOf(20) : basePoints(400, shape.dim);
  let ours: Promise<Float32Array> | undefined;
  return async (peer) => {
    ours ??= (density ? logDensity : carried)(device, problem, points);
    const call = density ? await peer.density!(problem, points) : await peer.sampler!(problem, 400);
    const theirs = await call.run(points);
    call.dispose();
    return relativeError(theirs, await ours);
  };
}
