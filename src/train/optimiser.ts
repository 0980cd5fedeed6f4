/** Adam and AdamW on the GPU, with the average of the parameters. */
import { adam as adamModule } from "../generated/train/adam.js";
import { type Buffer, BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import type { KernelOf } from "../gpu/kernel.js";
import { type Command, foldedGrid } from "../gpu/submit.js";
import { learningRate, type OptimiserPlan } from "./schedule.js";

/** Rows of the table of rates: more than steps can be under way. */
const SLOTS = 2048;

export class Optimiser {
  private constructor(
    readonly device: Device,
    readonly plan: OptimiserPlan,
    /** Trained entries: P, or P + 1 with the end time. */
    readonly count: number,
    private readonly decayed: number,
    readonly m: Buffer,
    readonly v: Buffer,
    /** Average of θ; one entry where none is kept. */
    readonly average: Buffer,
    private readonly table: Buffer,
    private readonly kernel: KernelOf<typeof adamModule, "main">,
    private readonly buffers: BufferGroup,
  ) {}

  static async create(
    device: Device,
    plan: OptimiserPlan,
    count: number,
    decayed: number,
  ): Promise<Optimiser> {
    const AVERAGE = plan.ema > 0 ? 1 : 0;
    const DECOUPLED = plan.optimiser === "adamw" ? 1 : 0;
    const kernel = await device.kernel(adamModule, "main", { AVERAGE, DECOUPLED });
    return BufferGroup.filled(async (buffers) => {
      const make = (label: string, words: number) => buffers.add(device.buffer({ label, size: words * 4 }));
      const [m, v, table] = [make("Adam m", count), make("Adam v", count), make("rates", 4 * SLOTS)];
      const average = make("average of theta", AVERAGE ? count : 1);
      return new Optimiser(device, plan, count, decayed, m, v, average, table, kernel, buffers);
    });
  }

  /** Rates and bias corrections of the steps first … first + count − 1, computed in float64. */
  writeRates(first: number, count: number): void {
    const { plan, device, table } = this;
    for (let step = first; step < first + count; step++) {
      const row = new Float32Array([
        learningRate(plan, step),
        1 - plan.beta1 ** (step + 1),
        1 - plan.beta2 ** (step + 1),
        0,
      ]);
      device.write(table, row, (step % SLOTS) * 16);
    }
  }

  /** One update of θ from its gradient, if the step counts. */
  update(state: Buffer, theta: Buffer, thetaBar: Buffer): Command[] {
    const { plan, count, decayed, m, v, average, table } = this;
    const params = {
      count,
      decayed,
      slots: SLOTS,
      beta1: plan.beta1,
      beta2: plan.beta2,
      rest1: 1 - plan.beta1,
      rest2: 1 - plan.beta2,
      epsilon: plan.epsilon,
      decay: plan.weightDecay,
      average: plan.ema,
    };
    const operands = { params, state, table, theta_bar: thetaBar, theta, m, v, average };
    return [this.kernel.bind(operands, foldedGrid(Math.ceil(count / 64)))];
  }

  dispose(): void {
    this.buffers.dispose();
  }
}
