/** A point's whole path: what probes that are kept along it make of the divergence, of log p, and of the loss. */
import type { Flow, TraceOptions } from "fjordgpu";
import { estimates, exactTrace, type Site } from "./examine.js";
import { pointAt, repeated } from "./fields.js";
import {
  BATCH,
  type Estimated,
  FOLLOWED,
  type Follow,
  type Followed,
  INDEPENDENT,
  type Independent,
  LOSSES,
  SOLVES,
  STOPS,
} from "./protocol.js";

const SEED = 1;

/** @param proceed whether the answer is still wanted; undefined is returned once it is not */
export async function follow(
  flow: Flow,
  command: Follow,
  proceed: () => boolean,
): Promise<Followed | undefined> {
  const T = await flow.T();
  const times = Float32Array.from({ length: STOPS }, (_, i) => (i / (STOPS - 1)) * T);
  const params = await flow.params();
  const path = await pointAt(flow, command, [...times]);
  const sites = path.map((z, i): Site => ({ flow, params, t: times[i]!, z }));
  const divergence = new Float32Array(STOPS);
  for (const [i, site] of sites.entries()) {
    divergence[i] = (await exactTrace(site)).exact;
    if (!proceed()) return undefined;
  }
  const batch = await flow.sample(BATCH, { seed: SEED });
  const exact = await flow.logProb(Float32Array.of(...path[0]!, ...batch), { trace: { kind: "exact" } });
  const estimated: Estimated[] = [];
  for (const distribution of INDEPENDENT) {
    if (!proceed()) return undefined;
    estimated.push(await estimate(flow, sites, batch, distribution, command.probes));
  }
  const loss = lossOf(exact.subarray(1));
  return { type: "followed", times, divergence, logProb: exact[0]!, loss, estimated };
}

async function estimate(
  flow: Flow,
  sites: readonly Site[],
  batch: Float32Array,
  distribution: Independent,
  probes: number,
): Promise<Estimated> {
  const trace: TraceOptions = { kind: "hutchinson", distribution, probes, seed: SEED };
  const curves = Array.from({ length: FOLLOWED }, () => new Float32Array(sites.length));
  for (const [i, site] of sites.entries()) {
    // The same seed at every time: row k keeps its probes, and they are those of row k of the solve below.
    const values = await estimates(site, FOLLOWED, { distribution, probes, seed: SEED });
    values.forEach((value, k) => {
      curves[k]![i] = value;
    });
  }
  const rows = new Float32Array((SOLVES + LOSSES * BATCH) * flow.dim);
  rows.set(repeated(sites[0]!.z, SOLVES));
  rows.set(repeated(batch, LOSSES), SOLVES * flow.dim);
  const values = await flow.logProb(rows, { trace });
  const losses = Float32Array.from({ length: LOSSES }, (_, i) => {
    const begin = SOLVES + i * BATCH;
    return lossOf(values.subarray(begin, begin + BATCH));
  });
  return { distribution, curves, logProb: values.slice(0, SOLVES), losses };
}

function lossOf(logProb: Float32Array): number {
  return -logProb.reduce((sum, value) => sum + value, 0) / logProb.length;
}
