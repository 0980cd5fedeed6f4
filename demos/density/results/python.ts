/** Parts of the Python program: the gallery's sets in numpy, and FFJORD's layer types (arXiv:1810.01367) in PyTorch. */
import type { Activation, LayerType } from "fjordgpu";

const ringsOf = (radii: string, sigma: number) => `radius = rng.choice(${radii}, n)
angle = 2 * np.pi * rng.random(n)
points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1) + ${sigma} * noise * rng.normal(size=(n, 2))`;

/** Statements that turn n and noise into points [n, 2]. */
export const PYTHON_SETS: Readonly<Record<string, string>> = {
  moons: `angle = np.pi * rng.random(n)
side = rng.choice([-1, 1], n)
points = np.stack([side * (2 * np.cos(angle) - 1), side * (2 * np.sin(angle) - 0.5) + 0.3], 1)
points += 0.2 * noise * rng.normal(size=(n, 2))`,
  circles: ringsOf("[3, 1.5]", 0.24),
  "8gaussians": `angle = np.pi / 4 * rng.integers(8, size=n)
points = (4 * np.stack([np.cos(angle), np.sin(angle)], 1) + 0.5 * noise * rng.normal(size=(n, 2))) / 1.414`,
  pinwheel: `r, s = 1 + 0.3 * rng.normal(size=n), 0.1 * noise * rng.normal(size=n)
angle = 2 * np.pi / 5 * rng.integers(5, size=n) + 0.25 * np.exp(r)
c, d = np.cos(angle), np.sin(angle)
points = 2 * np.stack([r * c + s * d, s * c - r * d], 1)`,
  "2spirals": `t = 3 * np.pi * np.sqrt(rng.random(n))
arm = rng.choice([-1, 1], n)
x, y = -t * np.cos(t) + rng.random(n) / 2, t * np.sin(t) + rng.random(n) / 2
points = np.stack([arm * x, arm * y], 1) / 3 + 0.1 * noise * rng.normal(size=(n, 2))`,
  checkerboard: `x = 4 * rng.random(n) - 2
y = rng.random(n) - 2 * rng.integers(2, size=n) + np.floor(x) % 2
points = 2 * np.stack([x, y], 1)`,
  rings: ringsOf("[3, 2.25, 1.5, 0.75]", 0.08),
  swissroll: `t = np.pi * (1.5 + 3 * rng.random(n))
points = (np.stack([t * np.cos(t), t * np.sin(t)], 1) + noise * rng.normal(size=(n, 2))) / 5`,
  smiley: `part, along = rng.random(n), rng.random(n)
face, eyes = part < 0.5, (part >= 0.5) & (part < 0.7)
angle = np.where(face, 2 * np.pi * along, np.pi * (200 + 140 * along) / 180)
radius = np.where(face, 3, 1.75)
curve = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
eye = np.stack([1.1 * rng.choice([-1, 1], n), np.full(n, 0.9)], 1)
points = np.where(eyes[:, None], eye, curve) + np.where(eyes, 0.24, 0.12)[:, None] * noise * rng.normal(size=(n, 2))`,
};

/** Of z. FFJORD's swish has a β of its own, which is learned. */
export const PYTHON_ACTIVATIONS: Readonly<Record<Activation, string>> = {
  tanh: "torch.tanh(z)",
  sigmoid: "torch.sigmoid(z)",
  softplus: "nn.functional.softplus(z)",
  elu: "nn.functional.elu(z)",
  relu: "torch.relu(z)",
  swish: "z * torch.sigmoid(self.beta * z)",
  sin: "torch.sin(z)",
  square: "z**2",
  identity: "z",
};

const layer = (made: readonly string[], value: string, name = "Layer") =>
  [
    `class ${name}(nn.Module):`,
    "    def __init__(self, size_in, size_out):",
    "        super().__init__()",
    ...made.map((line) => `        ${line}`),
    "",
    "    def forward(self, t, x):",
    `        return ${value}`,
  ].join("\n");

const LINEAR = "self.linear = nn.Linear(size_in, size_out)";
const GATE = "self.gate = nn.Linear(1, size_out)";
const SHIFT = "self.shift = nn.Linear(1, size_out, bias=False)";
const WITH_TIME = "self.linear = nn.Linear(1 + size_in, size_out)";
const CONCAT = "self.linear(torch.cat([t.expand(len(x), 1), x], 1))";

export const PYTHON_LAYERS: Readonly<Record<LayerType, string>> = {
  ignore: layer([LINEAR], "self.linear(x)"),
  concat: layer([WITH_TIME], CONCAT),
  concat_v2: layer([LINEAR, SHIFT], "self.linear(x) + self.shift(t)"),
  squash: layer([LINEAR, GATE], "self.linear(x) * torch.sigmoid(self.gate(t))"),
  concatsquash: layer([LINEAR, GATE, SHIFT], "self.linear(x) * torch.sigmoid(self.gate(t)) + self.shift(t)"),
  concat_first: `${layer([WITH_TIME], CONCAT, "ConcatLayer")}\n\n\n${layer([LINEAR], "self.linear(x)")}`,
};
