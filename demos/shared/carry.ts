/** Points carried from where they are to every time of the flow, with what happens to areas on the way. */
import { evaluate, FjordError, type Flow, solve } from "fjordgpu";

export interface Carried {
  /** [n, 2] for every time, in data coordinates. */
  readonly places: Float32Array[];
  /** [n] for every time: ∫ ∇·f dt from the start, the logarithm of how much a small area there has grown. */
  readonly logArea: Float32Array[];
}

/** Scaling between data and the flow's own coordinates. */
export function scalingOf(flow: Pick<Flow, "standardisation">): {
  mean: readonly [number, number];
  std: readonly [number, number];
} {
  const { mean = [0, 0], std = [1, 1] } = flow.standardisation ?? {};
  return { mean: [mean[0]!, mean[1]!], std: [std[0]!, std[1]!] };
}

/**
 * @param points [n, 2], at the time `start`, in data coordinates
 * @param times within [0, T], descending
 * @throws FjordError `solve-failed` where a solve does not reach its end
 */
export async function carry(
  flow: Flow,
  points: Float32Array,
  start: number,
  times: readonly number[],
): Promise<Carried> {
  const { mean, std } = scalingOf(flow);
  const params = await flow.params();
  const T = await flow.T();
  const z0 = points.map((x, i) => (x - mean[i % 2]!) / std[i % 2]!);
  const towards = async (end: number, wanted: readonly number[]): Promise<Carried> => {
    if (wanted.length === 0) return { places: [], logArea: [] };
    const result = await solve(flow.device, {
      ...flow.solver,
      // One small batch: kernels made for its shape would not pay.
      path: "layered",
      field: flow.field,
      params,
      z0,
      t0: start,
      t1: end,
      trace: { kind: "exact" },
      record: { times: wanted },
    });
    if (result.status !== "ok") throw new FjordError("solve-failed", result.message);
    return {
      places: result.recorded.map(({ z }) => z.map((s, i) => s * std[i % 2]! + mean[i % 2]!)),
      logArea: result.recorded.map(({ delta }) => delta!.map((value) => -value)),
    };
  };
  const late = await towards(
    T,
    times.filter((t) => t >= start),
  );
  const early = await towards(
    0,
    times.filter((t) => t < start),
  );
  return {
    places: [...late.places, ...early.places],
    logArea: [...late.logArea, ...early.logArea],
  };
}

/** The field's velocity [n, 2] in data coordinates and its divergence [n] at points [n, 2] and a time. */
export async function fieldAt(
  flow: Flow,
  points: Float32Array,
  t: number,
): Promise<{ velocity: Float32Array; divergence: Float32Array }> {
  const { mean, std } = scalingOf(flow);
  const { f, trace } = await evaluate(flow.device, {
    field: flow.field,
    params: await flow.params(),
    t,
    z: points.map((x, i) => (x - mean[i % 2]!) / std[i % 2]!),
    trace: { kind: "exact" },
  });
  return { velocity: f.map((value, i) => value * std[i % 2]!), divergence: trace };
}
