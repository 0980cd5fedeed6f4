/**
 * Densities and paths that stay on the device: from tensors to tensors, for pictures and whatever else goes on from
 * there. The same solves as those of Flow; of their results only the control blocks are read back.
 */
import { affine } from "../generated/cnf/affine.js";
import { logProb } from "../generated/cnf/log_prob.js";
import type { Buffer } from "../gpu/buffer.js";
import { ArgumentError } from "../gpu/errors.js";
import { foldedGrid } from "../gpu/submit.js";
import type { ForwardSolve } from "../ode/forward.js";
import { shapeText } from "../tensor/shape.js";
import { deviceOf, type Tensor, tensor, zeros } from "../tensor/tensor.js";
import { type CallOptions, checkTimes, type Flow } from "./flow.js";

/** Invocations of a workgroup of both kernels. */
const GROUP = 64;
const LOG_2_PI = Math.log(2 * Math.PI);

/**
 * As flow.logProb, from points [n, D] to log p [n]; the result is the caller's to dispose. Points that are not finite
 * are not looked for: what comes of them is not specified.
 * @throws ArgumentError (shape, device, time), FjordError `disposed`, `solve-failed`, `aborted`, DeviceLostError
 */
export async function logProbOnDevice(
  flow: Flow,
  points: Tensor,
  options: CallOptions = {},
): Promise<Tensor> {
  const { device, dim } = flow;
  const n = checkPoints(flow, "points", points);
  const { evaluator } = await flow.state();
  const T = await flow.T();
  if (options.at !== undefined) checkTimes("at", [options.at], T);
  const scale = await scaler(flow, 1);
  const kernel = await device.kernel(logProb, "main");
  const result = zeros(device, [n]);
  const logScale = flow.standardisation?.std.reduce((sum, value) => sum + Math.log(value), 0) ?? 0;
  const constant = 0.5 * dim * LOG_2_PI + logScale;
  const take = (state: Buffer, delta_at: number, start: number, end: number) => {
    const params = { samples: end - start, dim, delta_at, result_at: start, constant };
    device.run([
      kernel.bind({ params, state, log_prob: result.buffer }, foldedGrid(Math.ceil((end - start) / GROUP))),
    ]);
  };
  try {
    if (n > 0 && options.at !== undefined && Math.fround(options.at) === T) {
      // Adaptive steps have nothing to measure over an empty interval.
      const atEnd = zeros(device, [n, dim + 1]);
      scale.run(points.buffer, 0, atEnd.buffer, 0, n * dim);
      take(atEnd.buffer, n * dim, 0, n);
      atEnd.dispose();
      return result;
    }
    flow.lastStats = await evaluator.carry(
      { ...options, forward: true, trace: options.trace ?? flow.trace },
      {
        rows: n,
        load: ({ state }, start, end) => scale.run(points.buffer, start * dim, state, 0, (end - start) * dim),
        take: ({ state, deltaAt }, start, end) => take(state, deltaAt, start, end),
      },
    );
    return result;
  } catch (error) {
    result.dispose();
    throw error;
  } finally {
    scale.dispose();
  }
}

/**
 * As flow.trajectory, from base points [n, D] to one tensor [n, D] for each time, in data coordinates; they are the
 * caller's to dispose. @throws as logProbOnDevice
 */
export async function trajectoryOnDevice(
  flow: Flow,
  z: Tensor,
  times: readonly number[],
  options: { signal?: AbortSignal } = {},
): Promise<Tensor[]> {
  const { device, dim } = flow;
  const n = checkPoints(flow, "z", z);
  const { evaluator } = await flow.state();
  checkTimes("times", times, await flow.T());
  const scale = await scaler(flow, 0);
  const results = times.map(() => zeros(device, [n, dim]));
  try {
    if (times.length === 0) return results;
    flow.lastStats = await evaluator.carry(
      { ...options, forward: false, times },
      {
        rows: n,
        load: ({ state }, start, end) => copyRows(z, state, start * dim, (end - start) * dim),
        take: (solve, start, end) => {
          // Solves that record are layered: see whyLayered.
          const { recorded, stateSize } = (solve as ForwardSolve).stepper;
          results.forEach((result, j) => {
            scale.run(recorded, j * stateSize, result.buffer, start * dim, (end - start) * dim);
          });
        },
      },
    );
    return results;
  } catch (error) {
    for (const result of results) result.dispose();
    throw error;
  } finally {
    scale.dispose();
  }
}

/** As flow.sample: the same samples as one tensor [n, D]. @throws as logProbOnDevice */
export async function sampleOnDevice(
  flow: Flow,
  n: number,
  options: { seed?: number; signal?: AbortSignal } = {},
): Promise<Tensor> {
  const { device, dim } = flow;
  const base = flow.baseOf(n, options.seed);
  const { evaluator } = await flow.state();
  const scale = await scaler(flow, 0);
  const result = zeros(device, [n, dim]);
  try {
    flow.lastStats = await evaluator.carry(
      { signal: options.signal, forward: false },
      {
        rows: n,
        load: ({ state }, start, end) => device.write(state, base.subarray(start * dim, end * dim)),
        take: ({ state }, start, end) => scale.run(state, 0, result.buffer, start * dim, (end - start) * dim),
      },
    );
    return result;
  } catch (error) {
    result.dispose();
    throw error;
  } finally {
    scale.dispose();
  }
}

/** @returns the number of rows */
function checkPoints(flow: Flow, what: string, points: Tensor): number {
  const { shape } = points;
  if (shape.length !== 2 || shape[1] !== flow.dim) {
    throw new ArgumentError(`${what} has shape ${shapeText(shape)}.`, `It must be [n, ${flow.dim}].`);
  }
  if (deviceOf(points) !== flow.device) {
    throw new ArgumentError(`${what} lives on another device than the flow.`);
  }
  return shape[0]!;
}

function copyRows(from: Tensor, to: Buffer, at: number, count: number): void {
  from.device.run([{ kind: "copy", from: from.buffer.words(at, count), to: to.words(0, count) }]);
}

/** The scaling of a flow as a kernel. @param inverse 1: from data to the flow's own coordinates */
async function scaler(flow: Flow, inverse: 0 | 1) {
  const { device, dim } = flow;
  const kernel = await device.kernel(affine, "main", { INVERSE: inverse });
  const { mean, std } = flow.standardisation ?? { mean: Array(dim).fill(0), std: Array(dim).fill(1) };
  const scaling = tensor(device, [...mean, ...std], [2, dim]);
  return {
    run: (x: Buffer, x_at: number, result: Buffer, result_at: number, count: number) => {
      const params = { count, dim, x_at, result_at };
      const grid = foldedGrid(Math.ceil(count / GROUP));
      device.run([kernel.bind({ params, x, scaling: scaling.buffer, result }, grid)]);
    },
    dispose: () => scaling.dispose(),
  };
}
