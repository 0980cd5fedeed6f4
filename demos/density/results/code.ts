/** The run as a program: TypeScript on fjordgpu, or Python on torchdiffeq. */
import { ADAPTIVE, type Config, heldOutRows, WEIGHT_DECAY } from "../config.js";
import { noiseOf, type OwnData } from "../sets.js";
import { PYTHON_ACTIVATIONS, PYTHON_LAYERS, PYTHON_SETS } from "./python.js";

/** Own points that are written into a program; of more, so many evenly from all. */
const MOST_POINTS = 2_000;

/** A program that makes the same data, the same flow and the same training, and then samples. */
export function typescriptOf(config: Config, own: OwnData | undefined): string {
  const { set, hidden, layer, activation, T, solver, solverSteps, rtol } = config;
  const { trace, kinetic, jacobian, warm, optimiser, lr, batch, seed, steps } = config;
  const adaptive = ADAPTIVE.includes(solver);
  const kept = heldOutRows(config);
  const noise = noiseOf(config);
  const data = own
    ? [
        ...note(own, "//"),
        `const points = [${pointsOf(own).join(", ")}];`,
        `const set = data.fromPoints(points, 2, { heldOutFraction: ${config.heldOut}, seed: ${seed} });`,
      ]
    : [
        `const set = data.toyDataset("${set}", { rows: ${config.rows}, heldOut: ${kept}, seed: ${seed}${noise === 1 ? "" : `, noise: ${noise}`} });`,
      ];
  return [
    'import { cnf, data, mlp, openDevice, train } from "fjordgpu";',
    "",
    "const device = await openDevice();",
    ...data,
    "const flow = cnf(device, {",
    `  field: mlp({ dim: 2, hidden: [${hidden.split("-").join(", ")}], layer: "${layer}", activation: "${activation}" }),`,
    ...(T === 1 ? [] : [`  T: ${T},`]),
    `  method: "${solver}",`,
    adaptive ? `  rtol: ${rtol},\n  atol: ${rtol},` : `  steps: ${solverSteps},`,
    `  seed: ${seed},`,
    "});",
    "const run = train(flow, set, {",
    ...(warm > 0 ? [`  warmStart: { steps: ${warm} },`] : []),
    `  steps: ${steps},`,
    `  batch: ${batch},`,
    ...(optimiser === "adamw" ? [`  optimiser: "adamw",\n  weightDecay: ${WEIGHT_DECAY},`] : []),
    `  lr: ${lr},`,
    "  clip: 10,",
    `  trace: ${trace === "exact" ? '{ kind: "exact" }' : `{ kind: "hutchinson", distribution: "${trace}" }`},`,
    ...(kinetic + jacobian > 0 ? [`  regularise: { kinetic: ${kinetic}, jacobian: ${jacobian} },`] : []),
    `  seed: ${seed},`,
    "  evaluateEvery: 100,",
    "});",
    "for await (const { phase, step, loss, heldOut } of run) console.log(phase, step, loss, heldOut);",
    "",
    `const samples = await flow.sample(1000, { seed: ${seed + 1} });`,
    "console.log(samples, await flow.logProb(samples));",
    "",
  ].join("\n");
}

/** The same run in PyTorch. Its random numbers differ, so its curves do in detail. */
export function pythonOf(config: Config, own: OwnData | undefined): string {
  const { set, hidden, layer, activation, T, solver, solverSteps, rtol } = config;
  const { trace, kinetic, jacobian, warm, optimiser, lr, batch, seed, steps } = config;
  // torchdiffeq has no tsit5; dopri5 is the method of the same order that it has.
  const method = solver === "tsit5" ? "dopri5" : solver;
  const options = ADAPTIVE.includes(solver)
    ? `method="${method}", rtol=${rtol}, atol=${rtol}`
    : `method="${method}", options={"step_size": T / ${solverSteps}}`;
  const data = own
    ? [
        ...note(own, "#"),
        `points = np.array([${pointsOf(own).join(", ")}]).reshape(-1, 2)`,
        "rng.shuffle(points)",
      ]
    : [`n, noise = ${config.rows + heldOutRows(config)}, ${noiseOf(config)}`, PYTHON_SETS[set]!];
  const regularised = kinetic + jacobian > 0;
  const probe = {
    exact: "None",
    rademacher: "torch.randint(0, 2, x.shape) * 2.0 - 1",
    gaussian: "torch.randn_like(x)",
  }[trace];
  return [
    "# pip install numpy torch torchdiffeq",
    "import math",
    "",
    "import numpy as np",
    "import torch",
    "from torch import nn",
    "from torchdiffeq import odeint",
    "",
    `rng = np.random.default_rng(${seed})`,
    `torch.manual_seed(${seed})`,
    `T = ${T}`,
    ...data,
    "data = torch.tensor(points, dtype=torch.float32)",
    `held_out, train = data[: round(${config.heldOut} * len(data))], data[round(${config.heldOut} * len(data)) :]`,
    "mean, std = train.mean(0), train.std(0, unbiased=False)",
    "",
    "",
    PYTHON_LAYERS[layer],
    "",
    "",
    "class Field(nn.Module):",
    "    def __init__(self, sizes):",
    "        super().__init__()",
    `        self.layers = nn.ModuleList(${layer === "concat_first" ? "(ConcatLayer if i == 0 else Layer)(*pair) for i, pair in enumerate(zip(sizes, sizes[1:]))" : "Layer(*pair) for pair in zip(sizes, sizes[1:])"})`,
    ...(activation === "swish" ? ["        self.beta = nn.Parameter(torch.ones(()))"] : []),
    "",
    "    def forward(self, t, z):",
    "        t = t.reshape(-1, 1)",
    "        for i, layer in enumerate(self.layers):",
    `            z = layer(t, z if i == 0 else ${PYTHON_ACTIVATIONS[activation]})`,
    "        return z",
    "",
    "",
    `field = Field([2, ${hidden.split("-").join(", ")}, 2])`,
    "",
    "",
    "def divergence(f, z, probe):",
    "    if probe is not None:  # Hutchinson's estimate",
    "        return (torch.autograd.grad(f, z, probe, create_graph=True)[0] * probe).sum(1)",
    "    return sum(torch.autograd.grad(f[:, i].sum(), z, create_graph=True)[0][:, i] for i in range(2))",
    "",
    "",
    ...(regularised ? pythonPenalty(kinetic, jacobian) : []),
    "def log_prob(x, probe=None):",
    "    def dynamics(t, state):",
    "        with torch.enable_grad():",
    "            z = state[0].requires_grad_(True)",
    "            f = field(t, z)",
    `            return f, divergence(f, z, probe)${regularised ? ", penalty(f, z, probe)" : ""}`,
    "",
    `    start = ((x - mean) / std, torch.zeros(len(x))${regularised ? ", torch.zeros(len(x))" : ""})`,
    `    z, delta${regularised ? ", penalties" : ""} = odeint(dynamics, start, torch.tensor([0.0, T]), ${options})`,
    "    base = -0.5 * (z[-1] ** 2).sum(1) - math.log(2 * math.pi)",
    `    return base + delta[-1] - std.log().sum()${regularised ? ", penalties[-1]" : ""}`,
    "",
    "",
    ...(warm > 0 ? pythonWarmStart(warm) : []),
    `adam = torch.optim.${optimiser === "adamw" ? "AdamW" : "Adam"}(field.parameters(), lr=${lr}${optimiser === "adamw" ? `, weight_decay=${WEIGHT_DECAY}` : ""})`,
    `for step in range(1, ${steps} + 1):`,
    `    x = train[torch.randint(len(train), (${batch},))]`,
    ...(regularised
      ? [
          `    log_p, penalties = log_prob(x, ${probe})`,
          "    nll = -log_p.mean()",
          "    loss = nll + penalties.mean()",
        ]
      : [`    loss = nll = -log_prob(x, ${probe}).mean()`]),
    "    adam.zero_grad()",
    "    loss.backward()",
    "    nn.utils.clip_grad_norm_(field.parameters(), 10)",
    "    adam.step()",
    "    if step % 100 == 0:",
    // A solver cannot choose steps for no points.
    ...(config.heldOut > 0
      ? [
          "        with torch.no_grad():",
          `            print(step, nll.item(), -log_prob(held_out[:1000])${regularised ? "[0]" : ""}.mean().item())`,
        ]
      : ["        print(step, nll.item())"]),
    "",
    "with torch.no_grad():",
    `    back = odeint(field, torch.randn(1000, 2), torch.tensor([T, 0.0]), ${options})[-1]`,
    "    samples = mean + std * back",
    "",
  ].join("\n");
}

/** RNODE's regularisers (arXiv:2002.02798), with |εᵀJ|² as the paper has it: the library's |Jε|² has the same mean. */
function pythonPenalty(kinetic: number, jacobian: number): string[] {
  const speed = `${kinetic} * (f**2).sum(1)`;
  if (jacobian === 0) return ["def penalty(f, z, probe):  # of fast points", `    return ${speed}`, "", ""];
  return [
    `def penalty(f, z, probe):  # of ${kinetic > 0 ? "fast points, and of " : ""}neighbours that part`,
    "    probes = [probe] if probe is not None else [torch.eye(2)[i].expand_as(z) for i in range(2)]",
    "    rows = [torch.autograd.grad(f, z, one, create_graph=True)[0] for one in probes]",
    `    return ${kinetic > 0 ? `${speed} + ` : ""}${jacobian} * sum((row**2).sum(1) for row in rows)`,
    "",
    "",
  ];
}

/** Flow matching as the library's warm start has it. */
function pythonWarmStart(steps: number): string[] {
  return [
    "warm = torch.optim.Adam(field.parameters(), lr=1e-2)",
    `decay = torch.optim.lr_scheduler.CosineAnnealingLR(warm, ${steps})`,
    `for _ in range(${steps}):  # flow matching: the velocity of straight paths from data to noise`,
    "    x = (train[torch.randint(len(train), (512,))] - mean) / std",
    "    end, s = torch.randn_like(x), torch.rand(len(x), 1)",
    "    loss = ((field(T * s, (1 - s) * x + s * end) - (end - x) / T) ** 2).sum(1).mean()",
    "    warm.zero_grad()",
    "    loss.backward()",
    "    warm.step()",
    "    decay.step()",
    "",
  ];
}

function note({ points }: OwnData, mark: string): string[] {
  const count = points.length / 2;
  return count > MOST_POINTS ? [`${mark} ${MOST_POINTS} of the ${count} points`] : [];
}

/** x, y, x, y, … in the units of the data. */
function pointsOf({ points, scaling }: OwnData): number[] {
  const count = points.length / 2;
  const taken = Math.min(count, MOST_POINTS);
  return Array.from({ length: 2 * taken }, (_, i) => {
    const axis = (i % 2) as 0 | 1;
    const at = points[2 * Math.floor((Math.floor(i / 2) * count) / taken) + axis]!;
    const value = scaling ? scaling.mean[axis] + scaling.std[axis] * at : at;
    return Number(value.toPrecision(6));
  });
}
