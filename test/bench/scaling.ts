/**
 * S: what a log-density costs (one Rademacher probe, RK4) as the batch, the number of steps, the dimension and the
 * width grow, each alone, from D = 2, hidden 64-64-64, batch 512, 2 steps. Ours alone.
 */
import { problemOf } from "../../src/bench/problem.js";
import type { ScalingAxis } from "../../src/bench/report.js";
import { compare } from "../../src/bench/timing.js";
import { cnf, type Device } from "../../src/index.js";
import { regression } from "../support/compare.js";
import type { Context } from "./context.js";

const BASE = { batch: 512, steps: 2, dimension: 2, width: 64 };
type Axis = keyof typeof BASE;

const VALUES: Readonly<Record<Axis, readonly number[]>> = {
  batch: [32, 128, 512, 2048, 8192, 65_536],
  steps: [1, 2, 4, 8, 16, 32],
  dimension: [2, 8, 32, 128, 256],
  width: [16, 32, 64, 128, 256, 512, 1024],
};

export async function runScaling(device: Device, context: Context): Promise<ScalingAxis[]> {
  const axes: ScalingAxis[] = [];
  for (const axis of Object.keys(VALUES) as Axis[]) {
    context.say(`S ${axis}`);
    const points: ScalingAxis["points"][number][] = [];
    for (const x of VALUES[axis]) {
      const { batch, steps, dimension: dim, width } = { ...BASE, [axis]: x } as typeof BASE;
      const shape = {
        dim,
        hidden: [width, width, width],
        layer: "concat_first" as const,
        method: "rk4" as const,
        rkSteps: steps,
        gradient: "discrete" as const,
      };
      const candidate = {
        name: `${axis} ${x}`,
        prepare: async () => {
          const { field, params, points: rows } = problemOf(shape, batch);
          const flow = cnf(device, { field, params, method: "rk4", steps, trace: { kind: "hutchinson" } });
          return {
            warm: async () => {},
            burst: async (calls: number) => {
              for (let i = 0; i < calls; i++) await flow.logProb(rows);
            },
            dispose: () => flow.dispose(),
          };
        },
      };
      const [entry] = await compare([candidate], { ...context, repeats: 3, parts: 1 });
      if (entry === undefined || entry instanceof Error) throw entry;
      points.push({ x, ms: entry.ms });
    }
    const upper = points.slice(Math.floor(points.length / 2));
    const log = (values: readonly number[]) => values.map((value) => Math.log(value));
    const { slope } = regression(log(upper.map(({ x }) => x)), log(upper.map(({ ms }) => ms.median)));
    axes.push({ axis, points, slope });
  }
  return axes;
}
