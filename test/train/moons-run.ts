/**
 * The run that a published set-up is compared by: FFJORD's two moons at their own scale (arXiv:1810.01367), time at
 * the input only, 64-64-64 tanh, 8 steps of rk4 on [0, 1], one Rademacher probe, batches of 512, Adam at 1e-3.
 */
import { cnf } from "../../src/cnf/index.js";
import type { Dataset } from "../../src/data/index.js";
import { mlp } from "../../src/field/mlp.js";
import { train } from "../../src/train/index.js";
import { testDevice } from "../support/device.js";

/** Prints the speed. @returns mean NLL and KL of the held-out rows in nats after the last step */
export async function publishedRun(
  data: Dataset,
  steps: number,
): Promise<{ heldOut: number; kl: number; losses: number[] }> {
  const field = mlp({ dim: 2, hidden: [64, 64, 64], layer: "concat_first", activation: "tanh" });
  using flow = cnf(await testDevice(), { field, method: "rk4", steps: 8 });
  const losses: number[] = [];
  let [heldOut, kl, seconds] = [Number.NaN, Number.NaN, 0];
  const options = {
    steps,
    batch: 512,
    lr: 1e-3,
    trace: { kind: "hutchinson" },
    standardise: false,
    reportEvery: 10,
    evaluateEvery: steps,
  } as const;
  for await (const report of train(flow, data, options)) {
    losses.push(...report.losses);
    if (report.heldOut === undefined) {
      seconds = report.seconds;
    } else {
      heldOut = report.heldOut;
      kl = report.kl!;
    }
  }
  const speed = ((steps - 10) / seconds).toFixed(2);
  console.info(
    `${data.name}: ${heldOut.toFixed(4)} nats held out after ${steps} steps, KL ${kl.toFixed(4)}; ${speed} steps/s`,
  );
  return { heldOut, kl, losses };
}
