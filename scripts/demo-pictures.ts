/**
 * Draws the pictures of the start page and of the README from the flow of two moons that the site comes with:
 *
 *   node scripts/run-source.mjs scripts/demo-pictures.ts
 *
 * demos/images/{density,sampling}.png and docs/density-moons.png.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { encode } from "fast-png";
import { data, type Flow, loadFlow, openDevice, ops } from "fjordgpu";
import { COLOR_MAP, oklch } from "../demos/shared/colormap.js";
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
async function density(flow: Flow, side: number): Promise<Picture> {
  const [low, high] = WINDOW;
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

const device = await openDevice({ gpu: (await openNodeGPU()).gpu });
const flow = await loadFlow(device, new Uint8Array(readFileSync("demos/public/models/moons.safetensors")));
const learned = await density(flow, 360);
learned.save("docs/density-moons.png");
learned.save("demos/images/density.png");
(await paths(flow, 480)).save("demos/images/sampling.png");
process.exit(0);
