/** The trace at one place: exactly, with the whole Jacobian, and by random probes. */
import { evaluate, type Flow, type ProbeDistribution, type TraceOptions } from "fjordgpu";
import { repeated } from "./fields.js";
import { RunningMoments } from "./moments.js";
import { type Independent, SPREADS, type Spread, WALKERS } from "./protocol.js";
import { type JacobianFacts, jacobianFacts } from "./theory.js";

export interface Site {
  readonly flow: Flow;
  readonly params: Float32Array;
  readonly t: number;
  /** [D] */
  readonly z: Float32Array;
}

/** Probes drawn in one call: of the walkers, and of a measured spread. */
const ROWS = 4096;
const SPREAD_PROBES = 8192;

export async function exactTrace(site: Site): Promise<{ facts: JacobianFacts; exact: number }> {
  const { flow, z } = site;
  const { dim } = flow;
  const units = Float32Array.from({ length: dim * dim }, (_, i) => (i % (dim + 1) === 0 ? 1 : 0));
  const { tangents, trace } = await evaluate(flow.device, {
    ...inputs(site, z),
    tangents: units,
    trace: { kind: "exact" },
  });
  return { facts: jacobianFacts(tangents, dim), exact: trace[0]! };
}

/** [rows]: an estimate for each of so many copies of the place, every one with probes of its own. */
export async function estimates(
  site: Site,
  rows: number,
  trace: Omit<Extract<TraceOptions, { kind: "hutchinson" }>, "kind">,
): Promise<Float32Array> {
  const value = await evaluate(site.flow.device, {
    ...inputs(site, repeated(site.z, rows)),
    trace: { kind: "hutchinson", ...trace },
  });
  return value.trace;
}

const inputs = ({ flow, params, t }: Site, z: Float32Array) => ({ field: flow.field, params, t, z });

/** The next single estimates of all walkers, [c, WALKERS]. @param turn 0, 1, … */
export function drawSingles(site: Site, distribution: Independent, turn: number): Promise<Float32Array> {
  return estimates(site, ROWS, { distribution, seed: turn });
}

/** How many of `drawSingles` a walker gets at once. */
export const SINGLES = ROWS / WALKERS;

/** Spread of averages over n probes; orthogonal ones need n ≤ D. */
export async function measureSpread(site: Site, distribution: ProbeDistribution): Promise<Spread> {
  const points: Spread["points"][number][] = [];
  for (const probes of SPREADS) {
    if (distribution === "orthogonal" && probes > site.flow.dim) break;
    // Seeds of their own: not the estimates of the walkers once more.
    const values = await estimates(site, SPREAD_PROBES / probes, {
      distribution,
      probes,
      seed: 1000 + probes,
    });
    points.push({ probes, deviation: new RunningMoments().add(values).deviation });
  }
  return { distribution, points };
}
