/** What the density page writes: contours, archives, grids, programs. */
import { expect, test } from "vitest";
import { PRESETS } from "../../demos/density/config.js";
import { pythonOf, typescriptOf } from "../../demos/density/results/code.js";
import { contourSvg } from "../../demos/density/results/contours.js";
import { curvesCsv } from "../../demos/density/results/export.js";
import { cellGrid, inUnits } from "../../demos/density/results/grid.js";
import { crc32, zip } from "../../demos/density/results/zip.js";
import { OWN, type OwnData, SETS } from "../../demos/density/sets.js";
import { ACTIVATIONS, LAYER_TYPES } from "../../src/index.js";

const WINDOW = [-4, 4] as const;
const SIZE = 64;

/** log p of a Gaussian at (1, 0.5) with standard deviation 0.6, row 0 at the top. */
const gaussian = Float32Array.from({ length: SIZE * SIZE }, (_, i) => {
  const cell = 8 / SIZE;
  const x = -4 + ((i % SIZE) + 0.5) * cell - 1;
  const y = 4 - (Math.floor(i / SIZE) + 0.5) * cell - 0.5;
  return -(x * x + y * y) / (2 * 0.36) - Math.log(2 * Math.PI * 0.36);
});

const own: OwnData = {
  kind: "file",
  title: "a <b>.csv",
  points: new Float32Array([0, 0, 1, -1]),
  columns: ["height < & >", "mass"],
  scaling: { mean: [100, -1], std: [10, 0.5] },
};

test("contours are circles in the right place, and the file is safe text", () => {
  const svg = contourSvg(gaussian, SIZE, { window: WINDOW, own, columns: own.columns });
  const paths = [...svg.matchAll(/<path d="M([^"]*)Z"/g)].map(([, d]) =>
    d!.split("L").map((pair) => pair.split(",").map(Number) as [number, number]),
  );
  expect(paths.length).toBe(4);
  // The centre (1, 0.5) in the picture: 64 + 5/8 · 520 across, 16 + 3.5/8 · 520 down; half of the mass within
  // σ √(2 ln 2) of it.
  const radius = 0.6 * Math.sqrt(2 * Math.LN2) * (520 / 8);
  for (const [x, y] of paths[2]!) {
    expect(Math.abs(Math.hypot(x - (64 + 325), y - (16 + 227.5)) - radius)).toBeLessThan(2);
  }
  expect(svg).toContain("height &lt; &amp; &gt;");
  // −4 standard deviations of 10 below 100.
  expect(svg).toContain(">60</text>");
});

test("a grid turns its rows over and takes the units of the data", () => {
  const logDensity = Float32Array.from([0, 1, 2, 3]);
  const grid = cellGrid({ logDensity, size: 2 }, WINDOW, own);
  expect([...grid.x]).toEqual([80, 120]);
  expect([...grid.y]).toEqual([-2, 0]);
  // One unit of the picture is an area of 5 in those of the data.
  for (const [i, value] of [2, 3, 0, 1].entries()) {
    expect(grid.logDensity[i]).toBeCloseTo(value - Math.log(5), 6);
  }
  expect([...inUnits(own.points, own)]).toEqual([100, -1, 110, -1.5]);
  expect(inUnits(own.points, undefined)).toBe(own.points);
});

test("a zip archive has its files where its directory says", () => {
  // The check value of CRC-32 in the catalogue of G. Cook.
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  const files = { "a.npy": new Uint8Array([1, 2, 3]), "b.npy": new Uint8Array(300).fill(7) };
  const bytes = zip(files);
  const view = new DataView(bytes.buffer);
  const end = bytes.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  expect(view.getUint16(end + 10, true)).toBe(2);
  let at = view.getUint32(end + 16, true);
  for (const [name, content] of Object.entries(files)) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    expect(view.getUint32(at + 16, true)).toBe(crc32(content));
    const length = view.getUint16(at + 28, true);
    expect(new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length))).toBe(name);
    const local = view.getUint32(at + 42, true);
    expect(view.getUint32(local, true)).toBe(0x04034b50);
    expect(view.getUint32(local + 22, true)).toBe(content.length);
    const start = local + 30 + view.getUint16(local + 26, true);
    expect(bytes.subarray(start, start + content.length)).toEqual(content);
    at += 46 + length;
  }
  expect(at).toBe(end);
});

test("curves leave cells empty where there is no value", () => {
  const row = { step: 5, loss: null, heldOut: 2.5, nfe: 4, nfeBackward: 8, stepTime: null };
  expect(curvesCsv([row]).split("\n")[1]).toBe("5,,2.5,4,8,");
});

test("programs say what the form says", () => {
  const config = { ...PRESETS.tiny, set: "rings", seed: 3, rows: 900, heldOut: 0.1, warm: 0 };
  const program = typescriptOf(config, undefined);
  expect(program).toContain('data.toyDataset("rings", { rows: 900, heldOut: 100, seed: 3 })');
  expect(program).toContain('mlp({ dim: 2, hidden: [32, 32], layer: "concatsquash", activation: "tanh" })');
  expect(program).toContain("  steps: 8,");
  expect(program).not.toContain("warmStart");
  const adaptive = { ...PRESETS.standard, trace: "gaussian" as const, set: OWN };
  const ownProgram = typescriptOf(adaptive, own);
  // In the units of the file.
  expect(ownProgram).toContain("const points = [100, -1, 110, -1.5];");
  expect(ownProgram).toContain('{ kind: "hutchinson", distribution: "gaussian" }');
  expect(ownProgram).toContain("warmStart: { steps: 500 }");
  const python = pythonOf({ ...adaptive, activation: "swish" }, own);
  expect(python).toContain("z * torch.sigmoid(self.beta * z)");
  expect(python).toContain("self.beta = nn.Parameter");
  expect(python).toContain("np.array([100, -1, 110, -1.5]).reshape(-1, 2)");
  expect(python).toContain('method="dopri5", rtol=0.0001, atol=0.0001');
  const other = { ...adaptive, solver: "rk4", set: "moons", noise: 2, T: 0.5, optimiser: "adamw" } as const;
  expect(pythonOf(other, undefined)).toContain('"step_size": T / 8');
  expect(pythonOf(other, undefined)).toMatch(/^n, noise = 62500, 2$[\s\S]*^points \+= 0\.2 \* noise/m);
  expect(pythonOf(other, undefined)).toContain("AdamW(field.parameters(), lr=0.002, weight_decay=0.01)");
  expect(typescriptOf(other, undefined)).toMatch(/noise: 2 \}[\s\S]*T: 0\.5,[\s\S]*optimiser: "adamw"/);
  const straight = { ...other, kinetic: 0.01, jacobian: 0.1 };
  expect(typescriptOf(straight, undefined)).toContain("regularise: { kinetic: 0.01, jacobian: 0.1 },");
  expect(pythonOf(straight, undefined)).toContain("return 0.01 * (f**2).sum(1) + 0.1 * sum(");
  const smooth = pythonOf({ ...straight, kinetic: 0 }, undefined);
  expect(smooth).toContain("return 0.1 * sum(");
  const calm = pythonOf({ ...straight, jacobian: 0 }, undefined);
  expect(calm).toContain("return 0.01 * (f**2).sum(1)\n");
  // Nothing is held out, and nothing is solved for it.
  expect(calm).toContain("log_prob(held_out[:1000])[0]");
  expect(pythonOf({ ...straight, heldOut: 0 }, undefined)).not.toContain("log_prob(held_out");
  for (const plain of [typescriptOf(other, undefined), pythonOf(other, undefined)]) {
    expect(plain).not.toMatch(/regularise|penalt/);
  }
  // A board has no noise to be doubled.
  expect(typescriptOf({ ...other, set: "checkerboard" }, undefined)).not.toContain("noise");
});

test("both programs have every activation", () => {
  for (const activation of ACTIVATIONS) {
    const config = { ...PRESETS.tiny, activation };
    expect(typescriptOf(config, undefined)).toContain(`activation: "${activation}"`);
    // Of z itself where the layers are not bent.
    const bent = /z = layer\(t, z if i == 0 else (.*)\)$/m.exec(pythonOf(config, undefined))![1]!;
    expect(bent).toContain("z");
    expect(bent.length > 1).toBe(activation !== "identity");
    expect(pythonOf(config, undefined).includes("self.beta = nn.Parameter")).toBe(activation === "swish");
  }
});

test("Python has every set of the gallery and every layer type", () => {
  for (const { name } of SETS) {
    for (const layer of LAYER_TYPES) {
      const python = pythonOf({ ...PRESETS.tiny, set: name, layer }, undefined);
      expect(python).not.toContain("undefined");
      expect(python).toMatch(/^points = /m);
    }
  }
});
