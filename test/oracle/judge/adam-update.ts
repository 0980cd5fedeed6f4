/** The one place that says whose Adam the "adam" cases judge: the kernel that training uses. */
import { BufferGroup } from "../../../src/gpu/buffer.js";
import type { Device } from "../../../src/gpu/device.js";
import { Optimiser } from "../../../src/train/optimiser.js";
import type { TrainPlan } from "../../../src/train/options.js";
import { STATE_BYTES } from "../../../src/train/state.js";
import type { AdamCase } from "../../support/cases.js";

export interface AdamRun {
  /** θ [P] after the steps so far. */
  params(): Promise<Float32Array>;
  /** One step along the gradient [P]. */
  update(gradient: Float32Array): void;
  dispose(): void;
}

/** Adam from θ with a case's settings; weight decay is L2 in the gradient. */
export async function startAdam(
  device: Device,
  theta: Float64Array,
  inputs: AdamCase["inputs"],
): Promise<AdamRun> {
  const buffers = new BufferGroup();
  const count = theta.length;
  const values = buffers.add(device.buffer({ label: "theta", data: Float32Array.from(theta) }));
  const thetaBar = buffers.add(device.buffer({ label: "gradient", size: 4 * count }));
  const state = buffers.add(device.buffer({ label: "run state", size: STATE_BYTES }));
  const optimiser = buffers.add(await Optimiser.create(device, planOf(inputs), count, count));
  let step = 0;
  return {
    params: async () => (await device.readF32(values)).slice(0, count),
    update: (gradient) => {
      device.write(thetaBar, gradient);
      device.write(state, runState(step));
      optimiser.writeRates(step, 1);
      device.run(optimiser.update(state, values, thetaBar));
      step++;
    },
    dispose: () => buffers.dispose(),
  };
}

/** shaders/common/train_state.wgsl at a step that counts and whose gradient is not clipped. */
function runState(step: number): ArrayBufferView {
  const words = new DataView(new ArrayBuffer(STATE_BYTES));
  const [at, go, clip] = [8, 12, 24];
  words.setUint32(at, step, true);
  words.setUint32(go, 1, true);
  words.setFloat32(clip, 1, true);
  return words;
}

function planOf(inputs: AdamCase["inputs"]): TrainPlan {
  return {
    steps: inputs.batches.length,
    batch: inputs.batches[0]!.shape[0]!,
    lr: inputs.lr,
    optimiser: "adam",
    weightDecay: inputs.weight_decay_l2,
    beta1: inputs.beta1,
    beta2: inputs.beta2,
    epsilon: inputs.eps_adam,
    schedule: "constant",
    warmup: 0,
    clip: 0,
    ema: 0,
    seed: 0,
    reportEvery: 1,
    evaluateEvery: 0,
    trace: { kind: "exact" },
    gradient: "discrete",
    solver: { method: "rk4", steps: inputs.n },
  };
}
