/**
 * One step of flow matching as a fixed list of dispatches: draw, evaluate and sweep back → reduce → norm → judge → Adam
 * → repack. Nothing is allocated or read back. Fields that the fused kernels take go through one dispatch
 * (shaders/common/fused_match_main.wgsl), larger ones through the layered evaluation and its reverse sweep (src/train/match-layered.ts).
 *
 * loss = mean over the batch of |f(t, x_t) − v|², the square summed over the D columns, in standardised coordinates:
 * x_t = (1 − t/T) x_data + (t/T) x_base and v = (x_base − x_data)/T (Lipman et al., arXiv:2210.02747, with time from
 * data to base). Samples of a tile (fused) or group (layered) share a time; times are stratified over these.
 */
import type { FlowState } from "../cnf/flow.js";
import { reduceGradient } from "../field/reduce-gradient.js";
import { weightCount } from "../field/weights.js";
import { reduceGrad as reduceModule } from "../generated/field/reduce_grad.js";
import { BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { CONTROL_BYTES } from "../ode/control.js";
import { fusedKernel } from "../ode/fused-kernels.js";
import {
  adjointTape,
  chunkRoom,
  fusedParams,
  fusedPlaces,
  fusedPlan,
  sizeConstants,
} from "../ode/fused-plan.js";
import type { Layout } from "../ode/layout.js";
import { NORMAL_TABLE } from "../tensor/normal-table.js";
import { PURPOSE } from "../tensor/random.js";
import { matchShape } from "./layouts.js";
import { layeredMatch, type MatchGradient, type MatchSource } from "./match-layered.js";
import type { Optimiser } from "./optimiser.js";
import { joinParts, light, type Part } from "./parts.js";
import type { RunBuffers } from "./state.js";
import type { Rows } from "./step.js";
import { Update } from "./update.js";
import type { WarmPlan } from "./warm-start.js";

/** Word of a control block that counts evaluations (src/ode/control.ts); all else of a block stays 0, "ok". */
const NFE_WORD = 17;
/** Words from one control block to the next: each is bound on its own. */
const CONTROL_STRIDE = 64;

export class MatchStep {
  private constructor(
    /** The whole step, in one submission where its work allows it. */
    readonly parts: readonly Part[],
    private readonly group: BufferGroup,
  ) {}

  /** @param run its batch key draws the rows, and gives seed and step of all else that is drawn */
  static async create(
    device: Device,
    flow: FlowState,
    plan: WarmPlan,
    rows: Rows,
    run: RunBuffers,
    optimiser: Optimiser,
    layout: Layout,
  ): Promise<MatchStep> {
    return BufferGroup.filled(async (group) => {
      const update = await Update.create(device, group, optimiser.count);
      const errors = group.add(device.buffer({ label: "matching errors", size: plan.batch * 4 }));
      const table = group.add(device.buffer({ label: "normal table", data: NORMAL_TABLE }));
      const source: MatchSource = { batch: plan.batch, rows, key: run.batchKey, table, errors };
      const make = layout.path === "layered" ? layeredMatch : fusedMatch;
      const { parts: gradient, thetaBar } = await make(device, flow, source, group, layout);
      const blocks = new Uint32Array(2 * CONTROL_STRIDE);
      blocks[NFE_WORD] = 1;
      const control = group.add(device.buffer({ label: "matching control", data: blocks }));
      const result = {
        batch: plan.batch,
        losses: errors,
        thetaBar,
        forward: control.words(0, CONTROL_BYTES / 4),
        backward: control.words(CONTROL_STRIDE, CONTROL_BYTES / 4),
        clip: plan.clip ?? 0,
      };
      const end = light(update.commands(result, run, optimiser, flow.weights));
      return new MatchStep(joinParts([...gradient, end], device.workPerSubmit), group);
    });
  }

  dispose(): void {
    this.group.dispose();
  }
}

async function fusedMatch(
  device: Device,
  flow: FlowState,
  { batch, rows, key, table, errors }: MatchSource,
  group: BufferGroup,
  layout: Layout,
): Promise<MatchGradient> {
  const { packing } = flow.weights;
  const fused = fusedPlan(matchShape(packing, batch), layout);
  const tapePlan = adjointTape(fused);
  const partial4 = chunkRoom(fused);
  const constants = { ...fused.adjointConstants, ...sizeConstants(fused, tapePlan, partial4) };
  const [main, reduce] = await Promise.all([
    fusedKernel(device, "match", fused, constants),
    device.kernel(reduceModule, "main"),
  ]);
  const make = (label: string, words: number) =>
    group.add(device.buffer({ label: `matching ${label}`, size: words * 4 }));
  const tape = make("tape", 4 * tapePlan.size);
  const partial = make("gradient chunks", 4 * partial4);
  const thetaBar = make("theta bar", packing.paramCount + 2);
  const map = group.add(device.buffer({ label: "gradient map", data: packing.gradientMap }));
  const draws = {
    rows: rows.count,
    base_purpose: PURPOSE.matchBase,
    time_purpose: PURPOSE.matchTimes,
  };
  const range = { from_step: 0, to_step: 1 };
  const operands = {
    params: { ...fusedParams(fused, fusedPlaces(fused, "nothing"), tapePlan.spillAt), ...range },
    packed: flow.weights.packed,
    draws,
    key,
    data: rows.buffer,
    normal_table: table,
    interval: flow.interval,
    tape,
    partial,
    errors,
  };
  const parts = [
    // Evaluation, reverse sweep and weight gradients of one batch: less than any solve, and never cut.
    { commands: [main.bind(operands, [fused.chunks, 1, 1])], work: 3 * batch * weightCount(flow.weights) },
    light([reduceGradient(reduce, packing, { map, partial, chunks: fused.chunks, thetaBar, sign: 1 })]),
  ];
  return { parts, thetaBar };
}
