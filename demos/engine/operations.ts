/** Single operations: what this device does of each in a second, measured from the call to the result. */
import { cnf, type Device, data, mlp, ops, solve, type Tensor, tensor, train } from "fjordgpu";
import { spread } from "./numbers.js";

export interface Operation {
  readonly name: string;
  /** What is measured, in words and sizes. */
  readonly size: string;
  /** Work of one repetition, in the unit whose rate is shown per second. */
  readonly work: number;
  readonly unit: string;
  /** Makes what a repetition needs. */
  prepare(device: Device): Promise<Prepared>;
}

export interface Prepared {
  /** One repetition, done when the device is. */
  run(): Promise<void>;
  dispose(): void;
}

/** Milliseconds of repetitions after one to warm up: as many as fit in `budget`, at least one. */
export async function timesOf(prepared: Prepared, budget: number): Promise<number[]> {
  await prepared.run();
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < 1 || (performance.now() - begin < budget && times.length < 200)) {
    const start = performance.now();
    await prepared.run();
    times.push(performance.now() - start);
  }
  return times;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** An operation on tensors, run to its end without reading the result. */
function operation(device: Device, inputs: readonly Tensor[], op: () => Promise<Tensor>): Prepared {
  return {
    run: async () => {
      const output = await op();
      await device.finished();
      output.dispose();
    },
    dispose: () => {
      for (const input of inputs) input.dispose();
    },
  };
}

/** @param brief small sizes, for trying the page rather than the device */
export function operations(brief: boolean): Operation[] {
  const n = brief ? 1 << 14 : 1 << 22;
  const side = brief ? 64 : 512;
  const batch = brief ? 32 : 1024;
  const field = mlp({ dim: 2, hidden: brief ? [8] : [64, 64, 64] });
  const count = n.toLocaleString("en");
  return [
    {
      name: "Round trip",
      size: "one addition, result read back",
      work: 1,
      unit: "a second",
      prepare: async (device) => {
        const x = tensor(device, [1, 2, 3, 4], [4]);
        const run = async () => {
          const y = await ops.add(x, 1);
          await y.data();
          y.dispose();
        };
        return { run, dispose: () => x.dispose() };
      },
    },
    {
      name: "Memory",
      size: `addition of ${count} pairs`,
      work: (3 * 4 * n) / 1e9,
      unit: "GB/s",
      prepare: async (device) => {
        const [a, b] = [ops.zeros(device, [n]), ops.zeros(device, [n])];
        return operation(device, [a, b], () => ops.add(a, b));
      },
    },
    ...ops.TILINGS.map((tiling) => ({
      name: `Matrix product, ${tiling}`,
      size: `${side} × ${side} × ${side}`,
      work: (2 * side ** 3) / 1e9,
      unit: "GFLOP/s",
      prepare: async (device: Device) => {
        const a = tensor(device, spread(side * side, 1), [side, side]);
        const b = tensor(device, spread(side * side, 2), [side, side]);
        return operation(device, [a, b], () => ops.matmul(a, b, { tiling }));
      },
    })),
    {
      name: "Random numbers",
      size: `${count} normal values`,
      work: n / 1e6,
      unit: "million/s",
      prepare: async (device) => operation(device, [], () => ops.randomNormal(device, [n], { seed: 1 })),
    },
    {
      name: "Solve",
      size: `${batch} points, rk4, 8 steps, exact trace`,
      work: (batch * 32) / 1e3,
      unit: "thousand evaluations/s",
      prepare: async (device) => {
        const flow = cnf(device, { field });
        const params = await flow.params();
        flow.dispose();
        const z0 = spread(2 * batch, 3);
        const options = { field, params, z0, t0: 0, t1: 1, method: "rk4", steps: 8 } as const;
        const run = async () => {
          await solve(device, { ...options, trace: { kind: "exact" } });
        };
        return { run, dispose: () => {} };
      },
    },
    {
      name: "Training",
      size: `two moons, batch ${batch / 2}, rk4, 8 steps, 5 steps of Adam`,
      work: 5,
      unit: "steps/s",
      prepare: async (device) => {
        const flow = cnf(device, { field, method: "rk4", steps: 8 });
        const dataset = data.moons();
        const run = async () => {
          for await (const _ of train(flow, dataset, { steps: 5, batch: batch / 2, reportEvery: 5 }));
        };
        return { run, dispose: () => flow.dispose() };
      },
    },
  ];
}
