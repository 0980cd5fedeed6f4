/**
 * Draws the pictures of the start page and of the README from the flow of two moons that the site comes with, and from
 * one that is trained here on a picture of the image page:
 *
 *   node scripts/run-source.mjs scripts/demo-pictures.ts
 *
 * demos/images/{density,image,sampling,trajectories,compare,solvers,trace,engine}.png and docs/density-moons.png.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { encode } from "fast-png";
import {
  cnf,
  type Device,
  data,
  type Flow,
  loadFlow,
  mlp,
  openDevice,
  ops,
  readModel,
  reference,
  tensor,
  train,
} from "fjordgpu";
import { builtin } from "../demos/image/builtin.js";
import { PLAIN } from "../demos/image/config.js";
import { densityOf, drawPoints } from "../demos/image/density.js";
import { COLOR_MAP, oklch } from "../demos/shared/colormap.js";
import { Draws } from "../demos/trace/draws.js";
import { type JacobianFacts, jacobianFacts, variance } from "../demos/trace/theory.js";
import { legOf } from "../demos/trajectories/legs.js";
import { particlesOf } from "../demos/trajectories/shapes.js";
import { openNodeGPU } from "../src/node/open.js";

const WINDOW = data.toy("moons").window;

/** A square picture, [side, side, 3] bytes. */
class Picture {
  readonly bytes: Uint8Array;

  constructor(readonly side: number) {
    this.bytes = new Uint8Array(3 * side * side);
    for (let i = 0; i < side * side; i++) this.bytes.set(COLOR_MAP.subarray(0, 3), 3 * i);
  }

  blend(column: number, row: number, color: readonly number[], alpha: number): void {
    if (column < 0 || row < 0 || column >= this.side || row >= this.side) return;
    const at = 3 * (row * this.side + column);
    for (let c = 0; c < 3; c++) this.bytes[at + c] = this.bytes[at + c]! * (1 - alpha) + color[c]! * alpha;
  }

  /** A round dot, given in pixels. */
  dot(x: number, y: number, radius: number, color: readonly number[], alpha: number): void {
    for (let row = Math.floor(y - radius - 1); row <= y + radius + 1; row++) {
      for (let column = Math.floor(x - radius - 1); column <= x + radius + 1; column++) {
        // Half a pixel of softness at the edge.
        const inside = radius + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y);
        if (inside > 0) this.blend(column, row, color, alpha * Math.min(1, inside));
      }
    }
  }

  /** The pixel of a place in the plane. */
  pixel(x: number, y: number): [column: number, row: number] {
    const [low, high] = WINDOW;
    const scale = this.side / (high - low);
    return [Math.floor((x - low) * scale), Math.floor((high - y) * scale)];
  }

  save(path: string): void {
    const { side, bytes } = this;
    writeFileSync(path, encode({ width: side, height: side, data: bytes, channels: 3, depth: 8 }));
    console.log(path);
  }
}

/** The density, at its own resolution. */
async function density(flow: Flow, side: number, window: readonly [number, number]): Promise<Picture> {
  const [low, high] = window;
  const points = new Float32Array(2 * side * side);
  for (let i = 0; i < side * side; i++) {
    points[2 * i] = low + (((i % side) + 0.5) / side) * (high - low);
    points[2 * i + 1] = high - ((Math.floor(i / side) + 0.5) / side) * (high - low);
  }
  const logDensity = await flow.logProb(points);
  const peak = logDensity.reduce((most, value) => Math.max(most, value));
  const picture = new Picture(side);
  logDensity.forEach((value, i) => {
    const level = 3 * Math.round(255 * Math.exp(value - peak));
    picture.bytes.set(COLOR_MAP.subarray(level, level + 3), 3 * i);
  });
  return picture;
}

/** Points at the end of their way from noise to data, some with their paths; hue by where they began. */
async function paths(flow: Flow, side: number): Promise<Picture> {
  const frames = 200;
  const times = Array.from({ length: frames }, (_, i) => 1 - i / (frames - 1));
  const noise = await (await ops.randomNormal(flow.device, [900, 2], { seed: 0 })).data();
  const way = await flow.trajectory(noise, times);
  const picture = new Picture(side);
  for (let point = 0; point < 60; point++) {
    for (const frame of way) {
      picture.blend(...picture.pixel(frame[2 * point]!, frame[2 * point + 1]!), [150, 180, 190], 0.25);
    }
  }
  const end = way[frames - 1]!;
  for (let point = 0; point < noise.length / 2; point++) {
    const turn = Math.atan2(noise[2 * point + 1]!, noise[2 * point]!) / (2 * Math.PI) + 0.5;
    const color = oklch(0.78, 0.12, 15 * Math.floor(24 * turn));
    const [column, row] = picture.pixel(end[2 * point]!, end[2 * point + 1]!);
    for (let dy = -2; dy < 2; dy++) {
      for (let dx = -2; dx < 2; dx++) {
        // A block without its corners is a dot.
        const corner = (dx === -2 || dx === 1) && (dy === -2 || dy === 1);
        if (!corner) picture.blend(column + dx, row + dy, color, 0.9);
      }
    }
  }
  return picture;
}

/** Three solves of the van der Pol oscillator: exact paths, and where the steps of dopri5 land. */
function solverSteps(side: number): Picture {
  const picture = new Picture(side);
  const f: reference.RightHandSide = (_, z) => Float64Array.of(z[1]!, 2 * (1 - z[0]! ** 2) * z[1]! - z[0]!);
  const at = (z: ArrayLike<number>) => [(z[0]! / 6.4 + 0.5) * side, (0.5 - z[1]! / 9) * side] as const;
  const starts = [
    [0.1, 0.1],
    [-3, 4],
    [3, -4],
  ];
  const solves = starts.map((start, i) => {
    const hue = oklch(0.8, 0.12, [75, 190, 330][i]!);
    const z0 = Float64Array.from(start);
    const times = Array.from({ length: 6000 }, (_, j) => (12 * (j + 1)) / 6000);
    const exact = reference.integrate(f, 0, 12, z0, { method: "dopri5", rtol: 1e-8, atol: 1e-8, times });
    const { steps } = reference.integrate(f, 0, 12, z0, { method: "dopri5", rtol: 3e-4, atol: 3e-4 });
    return { hue, exact, steps };
  });
  for (const { exact } of solves) for (const z of exact.at) picture.dot(...at(z), 0.5, [150, 180, 190], 0.12);
  for (const { hue, steps } of solves) for (const { y } of steps) picture.dot(...at(y), 4, hue, 1);
  return picture;
}

/** A ring and a row on their way from the data to noise, with the stops of the solver. */
async function journey(model: Uint8Array, side: number): Promise<Picture> {
  const picture = new Picture(side);
  const [low, high] = [-3, 3];
  const at = (z: ArrayLike<number>, i: number) =>
    [((z[2 * i]! - low) / (high - low)) * side, ((high - z[2 * i + 1]!) / (high - low)) * side] as const;
  const drops = [{ shape: "ring", x: -1, y: 1.8 } as const, { shape: "row", x: 1, y: -1.2 } as const];
  const from = Float32Array.from(drops.flatMap(particlesOf));
  const { field, params, T } = readModel(model);
  const leg = { from, direction: "out", method: "dopri5", tolerance: 1e-4 } as const;
  const { frames, stops } = await legOf("cpu", { field, params: params!, T: T! }, leg);
  const crowd = data.toy("moons").sample(500, 0);
  for (let i = 0; 2 * i < crowd.length; i++) picture.dot(...at(crowd, i), 0.9, [143, 169, 184], 0.8);
  for (let i = 0; 2 * i < from.length; i++) {
    const hue = oklch(0.78, 0.12, 15 * ((6 * i) % 24));
    for (let k = 1; k < frames.length; k++) {
      const [x, y] = at(frames[k - 1]!, i);
      const [right, down] = at(frames[k]!, i);
      for (let part = 0; part < 1; part += 0.1) {
        picture.dot(x + part * (right - x), y + part * (down - y), 0.4, hue, 0.25);
      }
    }
    for (const stop of stops) picture.dot(...at(stop, i), 1.2, [255, 255, 255], 0.9);
    picture.dot(...at(frames.at(-1)!, i), 4.5, hue, 1);
  }
  return picture;
}

/** Running averages of probes, over their number from 1 to 256, about the exact trace of the flow at one point. */
function estimates(model: Uint8Array, side: number): Picture {
  const picture = new Picture(side);
  const [walkers, most] = [64, 256];
  const { field, params } = readModel(model);
  const z = Float64Array.of(1.06, -1.57);
  const units = [Float64Array.of(1, 0), Float64Array.of(0, 1)];
  const { df } = reference.evaluate(field.spec, Float64Array.from(params!), 0.5, z, units);
  const [a, b, c, d] = [df[0]![0]!, df[0]![1]!, df[1]![0]!, df[1]![1]!];
  const facts: JacobianFacts = jacobianFacts([a, b, c, d], 2);
  const height = 2.4 * Math.sqrt(variance("gaussian", facts));
  const column = (n: number) => (0.03 + (0.97 * Math.log(n)) / Math.log(most)) * side;
  const row = (value: number) => (0.5 - (value - facts.trace) / height / 2) * side;
  const curve = (value: (n: number) => number, radius: number, color: readonly number[], alpha: number) => {
    for (let n = 1; n < most; n++) {
      const [from, to] = [value(n), value(n + 1)];
      const pixels = Math.hypot(column(n + 1) - column(n), row(to) - row(from));
      for (let share = 0; share < 1; share += 1 / Math.max(1, pixels)) {
        const x = column(n) + share * (column(n + 1) - column(n));
        picture.dot(x, row(from + share * (to - from)), radius, color, alpha);
      }
    }
  };
  const kinds = [
    { kind: "gaussian", random: reference.randomNormal, hue: 60 },
    { kind: "rademacher", random: reference.randomRademacher, hue: 190 },
  ] as const;
  for (const { kind, random, hue } of kinds) {
    const color = oklch(0.78, 0.12, hue);
    const probes = random(2 * walkers * most, { seed: 0, purpose: reference.PURPOSE.probe, step: 0 });
    const draws = new Draws(walkers, most);
    const estimate = (x: number, y: number) => a * x * x + (b + c) * x * y + d * y * y;
    draws.add(
      Float32Array.from({ length: walkers * most }, (_, i) => estimate(probes[2 * i]!, probes[2 * i + 1]!)),
    );
    for (let walker = 0; walker < 14; walker++) curve((n) => draws.average(walker, n), 0.3, color, 0.35);
    const deviation = (n: number) => Math.sqrt(variance(kind, facts, n));
    for (const side of [-2, 2]) curve((n) => facts.trace + side * deviation(n), 1, color, 0.9);
  }
  curve(() => facts.trace, 1.4, [255, 255, 255], 1);
  return picture;
}

/** A dot of 2 × 2 pixels. */
const CORNERS = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
] as const;

/** Errors of exp (lower half) and of log1p (upper half) on this device in ULP, up to ±1.5, over x from −8 to 8. */
async function rounding(device: Device, side: number): Promise<Picture> {
  const picture = new Picture(side);
  const kinds = [
    { op: ops.exp, truth: Math.exp, low: -8, middle: 0.75, hue: 75 },
    { op: ops.log1p, truth: Math.log1p, low: -0.9, middle: 0.25, hue: 190 },
  ];
  for (const { op, truth, low, middle, hue } of kinds) {
    const color = oklch(0.8, 0.12, hue);
    const inputs = Float32Array.from({ length: 2400 }, (_, i) => low + ((i + 0.5) / 2400) * (8 - low));
    const x = tensor(device, inputs, [inputs.length]);
    const values = await (await op(x)).data();
    values.forEach((value, i) => {
      const exact = truth(inputs[i]!);
      const ulp = 2 ** (Math.floor(Math.log2(Math.abs(exact))) - 23);
      const row = (middle - (value - exact) / ulp / 6) * side;
      const column = Math.floor(((i + 0.5) / inputs.length) * side);
      for (const [right, down] of CORNERS) picture.blend(column + right, Math.floor(row) + down, color, 1);
    });
  }
  return picture;
}

/** Left and right half: two flows after the same number of steps, with and without a warm start. */
async function versus(device: Device, side: number): Promise<Picture> {
  const steps = 300;
  const halves: Picture[] = [];
  for (const warm of [steps, 0]) {
    const field = mlp({ dim: 2, hidden: [32, 32] });
    const flow = cnf(device, { field, method: "rk4", steps: 8, seed: 1 });
    const set = data.moons({ rows: 20_000, heldOut: 0, seed: 1 });
    const warmStart = warm > 0 ? { warmStart: { steps: warm } } : {};
    const run = train(flow, set, {
      steps: steps - warm,
      batch: 128,
      lr: 5e-3,
      clip: 10,
      seed: 1,
      ...warmStart,
    });
    for await (const _ of run);
    halves.push(await density(flow, side, WINDOW));
    flow.dispose();
  }
  const picture = new Picture(side);
  // Each whole picture at half its size, in the middle of its half.
  halves.forEach((half, i) => {
    for (let row = side / 4; row < (3 * side) / 4; row++) {
      for (let column = 0; column < side / 2; column++) {
        const at = 3 * ((2 * row - side / 2) * side + 2 * column);
        picture.blend(column + (i * side) / 2, row, [...half.bytes.subarray(at, at + 3)], 1);
      }
    }
  });
  for (let row = 0; row < side; row++) {
    for (const column of [side / 2 - 1, side / 2]) picture.blend(column, row, [150, 180, 190], 0.8);
  }
  return picture;
}

/** The galaxy of the image page, learned by flow matching alone. */
async function galaxy(device: Device, side: number): Promise<Picture> {
  const pixels = densityOf(builtin("galaxy"), PLAIN);
  const { points } = drawPoints(pixels, 50_000, 0);
  const field = mlp({ dim: 2, hidden: [64, 64, 64], layer: "concatsquash" });
  const flow = cnf(device, { field, method: "rk4", steps: 8 });
  const run = train(flow, data.fromPoints(points, 2), {
    steps: 0,
    warmStart: { steps: 1000 },
    reportEvery: 250,
  });
  for await (const { step, loss, seconds } of run) {
    console.log(`galaxy  step ${step}  error ${loss.toFixed(3)}  ${seconds.toFixed(0)} s`);
  }
  return density(flow, side, [-2, 2]);
}

solverSteps(360).save("demos/images/solvers.png");
const model = new Uint8Array(readFileSync("demos/public/models/moons.safetensors"));
(await journey(model, 360)).save("demos/images/trajectories.png");
estimates(model, 360).save("demos/images/trace.png");
const device = await openDevice({ gpu: (await openNodeGPU()).gpu });
(await rounding(device, 360)).save("demos/images/engine.png");
(await versus(device, 360)).save("demos/images/compare.png");
(await galaxy(device, 180)).save("demos/images/image.png");
const flow = await loadFlow(device, model);
const learned = await density(flow, 360, WINDOW);
learned.save("docs/density-moons.png");
learned.save("demos/images/density.png");
(await paths(flow, 480)).save("demos/images/sampling.png");
process.exit(0);
