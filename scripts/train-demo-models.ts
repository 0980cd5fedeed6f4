/**
 * Trains the flows that the sampling page comes with and writes demos/public/models/NAME.safetensors:
 *
 *   node scripts/run-source.mjs scripts/train-demo-models.ts [NAME …]
 *
 * It took 14 minutes on SwiftShader with two cores that were busy with other work. The data are not standardised, so
 * that the base is the standard normal in the coordinates of the page.
 */
import { mkdirSync } from "node:fs";
import { cnf, data, mlp, openDevice, train } from "fjordgpu";
import { openNodeGPU } from "../src/node/open.js";

const folder = "demos/public/models";
/**
 * Steps of flow matching, steps of maximum likelihood, and solver steps in the latter. A net learns to exploit a solver
 * that is too coarse: the NLL in training then falls below the entropy of the data, which no density can, as it did with
 * five midpoint steps. A new flow is one entry here and one option in the menu of the sampling page.
 */
const RUNS = {
  moons: { warm: 0, steps: 800, solverSteps: 6, lr: 1e-2 },
  "8gaussians": { warm: 3920, steps: 80, solverSteps: 6, lr: 2e-3 },
  pinwheel: { warm: 3920, steps: 80, solverSteps: 6, lr: 2e-3 },
};

const asked = process.argv.slice(2);
const device = await openDevice({ gpu: (await openNodeGPU()).gpu });
mkdirSync(folder, { recursive: true });

for (const [name, { warm, steps, solverSteps, lr }] of Object.entries(RUNS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const field = mlp({ dim: 2, hidden: [32, 32, 32] });
  const flow = cnf(device, { field, method: "rk4", steps: 8 });
  const run = train(flow, data.toyDataset(name, { heldOut: 2_000 }), {
    solver: { method: "rk4", steps: solverSteps },
    steps,
    batch: 128,
    lr,
    schedule: "cosine",
    clip: 5,
    standardise: false,
    ...(warm > 0 && { warmStart: { steps: warm, lr: 5e-3, schedule: "cosine" as const } }),
    evaluateEvery: (warm + steps) / 4,
    reportEvery: (warm + steps) / 40,
  });
  for await (const { step, loss, heldOut, kl, seconds } of run) {
    const judged = heldOut === undefined ? "" : `  held out ${heldOut.toFixed(3)}  KL ${kl?.toFixed(3)}`;
    console.log(`${name}  step ${step}  NLL ${loss.toFixed(3)}${judged}  ${seconds.toFixed(0)} s`);
  }
  await flow.save(`${folder}/${name}.safetensors`);
  flow.dispose();
}
device.dispose();
process.exit(0);
