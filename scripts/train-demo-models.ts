/**
 * Trains the flows that the pages come with and writes demos/public/models/NAME.safetensors:
 *
 *   node scripts/run-source.mjs scripts/train-demo-models.ts [NAME …]
 *
 * The two moons took 7 minutes on SwiftShader with two cores that were busy with other work, the others 3 to 5 minutes
 * each. On 10,000 held-out points the KL is 0.032 nats (moons), 0.018 (8gaussians) and 0.115 (pinwheel). The data are not
 * standardised, so that the base is the standard normal in the coordinates of the page.
 */
import { mkdirSync } from "node:fs";
import { cnf, data, mlp, openDevice, train } from "fjordgpu";
import { openNodeGPU } from "../src/node/open.js";

const folder = "demos/public/models";
/**
 * Hidden layers; steps of flow matching, which bring most of it in half of the time; steps of maximum likelihood, and
 * solver steps in the latter. A net learns to exploit a solver that is too coarse: the NLL in training then falls
 * below the entropy of the data, which no density can. That is what the finer solver at the end looks for: its KL must
 * be above 0 and near that of the page's solver. A new flow is one entry here and one option in the menu of the
 * sampling page.
 */
const RUNS = {
  moons: { hidden: [64, 64, 64], warm: 1500, warmRate: 2e-2, steps: 120, rate: 4e-3, solverSteps: 6 },
  "8gaussians": { hidden: [32, 32, 32], warm: 3000, warmRate: 1e-2, steps: 120, rate: 4e-3, solverSteps: 8 },
  pinwheel: { hidden: [32, 32, 32], warm: 3000, warmRate: 1e-2, steps: 120, rate: 4e-3, solverSteps: 8 },
};
/** Solver steps: of the saved flow, which the pages take, and of the last judgement. */
const SAVED = 8;
const FINER = 16;

const asked = process.argv.slice(2);
const device = await openDevice({ gpu: (await openNodeGPU()).gpu });
mkdirSync(folder, { recursive: true });

for (const [name, { hidden, warm, warmRate, steps, rate, solverSteps }] of Object.entries(RUNS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const field = mlp({ dim: 2, hidden });
  const flow = cnf(device, { field, method: "rk4", steps: SAVED });
  const run = train(flow, data.toyDataset(name, { heldOut: 1_000 }), {
    solver: { method: "rk4", steps: solverSteps },
    steps,
    batch: 256,
    lr: rate,
    schedule: "cosine",
    clip: 5,
    standardise: false,
    warmStart: { steps: warm, batch: 256, lr: warmRate, schedule: "cosine" },
    evaluateEvery: 60,
    reportEvery: 60,
  });
  for await (const { step, loss, heldOut, kl, seconds } of run) {
    const judged = heldOut === undefined ? "" : `  held out ${heldOut.toFixed(3)}  KL ${kl?.toFixed(3)}`;
    console.log(`${name}  step ${step}  loss ${loss.toFixed(3)}${judged}  ${seconds.toFixed(0)} s`);
  }
  await flow.save(`${folder}/${name}.safetensors`);
  const others = data.toyDataset(name, { rows: 2, heldOut: 10_000, seed: 7 });
  for (const count of [SAVED, FINER]) {
    const judge = cnf(device, { field, params: await flow.params(), method: "rk4", steps: count });
    const { nats, standardError } = data.klFromData(others, await judge.logProb(others.heldOut));
    console.log(`${name}  RK4 with ${count} steps: KL ${nats.toFixed(4)} ± ${standardError.toFixed(4)} nats`);
    judge.dispose();
  }
  flow.dispose();
}
device.dispose();
process.exit(0);
