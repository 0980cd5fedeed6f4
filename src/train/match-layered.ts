/**
 * Loss and gradient of flow matching for fields of any size: the batch goes through the layered evaluation and its reverse
 * sweep in groups, each at a time of its own (shaders/train/match.wgsl), and the gradients add up.
 */
import type { FlowState } from "../cnf/flow.js";
import { MlpProgram } from "../field/mlp-program.js";
import { MlpReverse } from "../field/mlp-reverse.js";
import { planesView } from "../field/program.js";
import { weightCount } from "../field/weights.js";
import { match as matchModule } from "../generated/train/match.js";
import type { Buffer, BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { type Command, foldedGrid } from "../gpu/submit.js";
import { CONTROL_BYTES } from "../ode/control.js";
import type { Layout } from "../ode/layout.js";
import { PURPOSE } from "../tensor/random.js";
import { light, type Part } from "./parts.js";
import type { Rows } from "./step.js";

/** What a step draws from, and where it leaves the error of every sample. */
export interface MatchSource {
  readonly batch: number;
  readonly rows: Rows;
  /** Draws the rows, and gives seed and step of all else that is drawn. */
  readonly key: Buffer;
  /** The normal distribution's table. */
  readonly table: Buffer;
  /** f32 [batch]. */
  readonly errors: Buffer;
}

export interface MatchGradient {
  readonly parts: readonly Part[];
  /** f32 [P + 2]: θ̄ in front. */
  readonly thetaBar: Buffer;
}

/** Times of a step, where their groups are neither too small for a product nor too large for one dispatch. */
const GROUPS = 8;
const LEAST_ROWS = 32;
const MOST_ROWS = 1024;

/** Samples that share a time. A function of the batch alone: it decides what is drawn. */
export function groupRows(batch: number): number {
  return Math.min(batch, MOST_ROWS, Math.max(LEAST_ROWS, Math.ceil(batch / GROUPS)));
}

export async function layeredMatch(
  device: Device,
  { weights, interval }: FlowState,
  { batch, rows, key, table, errors }: MatchSource,
  group: BufferGroup,
  layout: Layout,
): Promise<MatchGradient> {
  const count = groupRows(batch);
  const groups = Math.ceil(batch / count);
  const control = group.add(device.buffer({ label: "matching time", data: stillBlock() }));
  const shape = {
    batch: count,
    tangents: 0,
    probes: 0,
    traceWeight: 0,
    store: true,
    cotangentPlane: true,
    form: layout.form === "strip" ? "strip" : "block",
  } as const;
  const program = group.add(await MlpProgram.create(device, weights, shape, control));
  const reverse = group.add(
    await MlpReverse.create(program, { sign: 1, quadrature: false, tentative: false }),
  );
  const aims = group.add(device.buffer({ label: "matching velocities", size: 4 * count * program.ld }));
  const [draw, seed] = await Promise.all([
    device.kernel(matchModule, "draw"),
    device.kernel(matchModule, "seed"),
  ]);
  const grid = foldedGrid(Math.ceil(count / 64));
  const evaluate = program.evaluate({ index: 0, c: 0, b: 1 });
  // The last command leads from the first layer to ∂/∂x, which nobody asks for.
  const sweep = reverse.sweep().slice(0, -1);
  const accumulate = reverse.accumulate({ b: 1, c: 0, first: false });
  const one = (index: number): Command[] => {
    const params = {
      samples: batch,
      first: index * count,
      rows: count,
      dim: program.dim,
      ld4: program.ld / 4,
      group: index,
      groups,
      count: rows.count,
      base_purpose: PURPOSE.matchBase,
      time_purpose: PURPOSE.matchTimes,
    };
    const points = planesView(program.input);
    const from = { key, data: rows.buffer, normal_table: table, interval };
    const drawn = draw.bind({ params, ...from, control, points, aims }, grid);
    const values = planesView(program.output);
    const seeded = seed.bind({ params, aims, values, seeds: planesView(reverse.seed), errors }, grid);
    return [drawn, ...evaluate, seeded, ...sweep, ...accumulate];
  };
  // As a stage of the discrete adjoint.
  const work = 4 * program.slots * count * weightCount(weights);
  const parts = [
    light(reverse.begin()),
    ...Array.from({ length: groups }, (_, index) => ({ commands: one(index), work })),
    light(reverse.reduce()),
  ];
  return { parts, thetaBar: reverse.thetaBar };
}

/** A control block whose time a kernel sets, with h = 1. */
function stillBlock(): Float32Array {
  const words = new Float32Array(CONTROL_BYTES / 4);
  words[2] = 1;
  return words;
}
