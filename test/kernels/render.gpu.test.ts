/** Pictures: pixels that are known in closed form. Bytes are rounded and filtered: ±2 of 255 unless said otherwise. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Device, render, type Tensor, tensor } from "../../src/index.js";
import { testDevice } from "../support/device.js";

const SIZE = 96;
const WINDOW = [-4, 4] as const;
const BLACK = [0, 0, 0] as const;
const WHITE = [1, 1, 1] as const;

let device: Device;
let painter: render.Painter;
const made: Tensor[] = [];

function given(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  const result = tensor(device, values, shape);
  made.push(result);
  return result;
}

async function paint(...layers: render.Layer[]): Promise<(x: number, y: number, channel?: number) => number> {
  const pixels = await painter.pixels({ size: SIZE, window: WINDOW, background: BLACK, layers });
  return (x, y, channel = 0) => pixels[4 * (y * SIZE + x) + channel]!;
}

/** Of one channel over the whole picture, as shares of full brightness. */
function sum(at: (x: number, y: number) => number): number {
  let total = 0;
  for (let y = 0; y < SIZE; y++) for (let x = 0; x < SIZE; x++) total += at(x, y) / 255;
  return total;
}

beforeAll(async () => {
  device = await testDevice();
  painter = await render.painter(device);
});

afterAll(() => {
  painter.dispose();
  for (const each of made) each.dispose();
});

describe("a density as colours", () => {
  // Black to red over the lower half, red to yellow over the upper one.
  const colors = () => given([0, 0, 0, 1, 0, 0, 1, 1, 0], [3, 3]);
  const n = 16;
  const ramp = (i: number) => (i % n) / (n - 1);

  test.each([
    ["log p", { nats: 8 }, (i: number) => 3 + 8 * (ramp(i) - 1)],
    // e⁻³⁰ is black as well.
    ["p", "linear", (i: number) => 3 + Math.max(-30, Math.log(ramp(i)))],
  ] as const)("%s is a straight line of colours where it is one of values", async (_name, scale, value) => {
    const values = Float32Array.from({ length: n * n }, (_, i) => value(i));
    const layer = { kind: "heat", scale, colors: colors() } as const;
    const still = await paint({ ...layer, values: { from: given(values, [n, n]) } });
    const doubled = given(
      values.map((each) => 2 * each),
      [n, n],
    );
    const zeros = given(new Float32Array(n * n), [n, n]);
    const moving = await paint({ ...layer, values: { from: doubled, to: zeros, share: 0.5 } });
    // The filter keeps straight lines but where it reaches past the outer centres.
    const cell = SIZE / n;
    for (let x = 2 * cell; x < SIZE - 2 * cell; x++) {
      const level = ((x + 0.5) / cell - 0.5) / (n - 1);
      expect(Math.abs(still(x, 40, 0) - 255 * Math.min(1, 2 * level))).toBeLessThan(2);
      expect(Math.abs(still(x, 40, 1) - 255 * Math.max(0, 2 * level - 1))).toBeLessThan(2);
      expect(Math.abs(moving(x, 40, 0) - still(x, 40, 0))).toBeLessThan(2);
      expect(still(x, 40, 3)).toBe(255);
    }
  });

  test("contours of a Gaussian are circles around the mass that they should enclose", async () => {
    const [cells, std] = [64, 0.9];
    const values = Float32Array.from({ length: cells * cells }, (_, i) => {
      const x = -4 + ((i % cells) + 0.5) / 8;
      const y = 4 - (Math.floor(i / cells) + 0.5) / 8;
      return -(x * x + y * y) / (2 * std * std) - 7;
    });
    const shares = [0.3, 0.8];
    const at = await paint({
      kind: "contours",
      values: { from: given(values, [cells, cells]) },
      shares,
      alphas: [1, 0.5],
      color: WHITE,
      width: 2,
    });
    // A Gaussian has the mass 1 − exp(−r²/2) within r deviations.
    const radii = shares.map((share) => std * Math.sqrt(-2 * Math.log(1 - share)) * (SIZE / 8));
    for (const [i, radius] of radii.entries()) {
      const right = Array.from({ length: 7 }, (_, k) => Math.round(48 + radius) - 3 + k);
      const mass = right.reduce((total, x) => total + at(x, 48), 0);
      const middle = right.reduce((total, x) => total + (x + 0.5) * at(x, 48), 0) / mass;
      // Levels are those of whole cells, 1.5 pixels wide.
      expect(Math.abs(middle - 48 - radius)).toBeLessThan(1);
      // Two pixels wide, of the opacity asked for.
      expect(Math.abs(mass / 255 - (i === 0 ? 2 : 1))).toBeLessThan(0.25);
    }
    // 236, of which the levels of whole cells leave a few: ±5.
    expect(sum(at)).toBeCloseTo(2 * Math.PI * (2 * radii[0]! + radii[1]!), -1);
    expect(at(48, 48)).toBe(0);
  });
});

describe("points", () => {
  test("are discs of the right place, area and opacity, with colours of their own", async () => {
    // Pixel (48, 24) has its centre at (0.0417, 1.9583) in the window.
    const centre = [8 * (48.5 / SIZE) - 4, 4 - 8 * (24.5 / SIZE)] as const;
    const points = given([...centre, -2, -2], [2, 2]);
    const end = given([centre[0], centre[1], 0, -2], [2, 2]);
    const layer = { kind: "dots", radius: 5, alpha: 0.5 } as const;
    const at = await paint({ ...layer, points: { from: points, to: end, share: 0.5 }, color: WHITE });
    expect(Math.abs(at(48, 24) - 127.5)).toBeLessThan(1);
    expect(at(48, 31)).toBe(0);
    // On the straight line between (−2, −2) and (0, −2).
    expect(Math.abs(at(36, 72) - 127.5)).toBeLessThan(1);
    // Two discs at half opacity; an edge of one pixel loses up to 2 % of the area.
    expect(Math.abs(sum(at) / (Math.PI * 25) - 1)).toBeLessThan(0.02);

    const color = { colors: given([1, 0, 0, 0, 0, 1], [2, 3]), of: given([1, 0], [2]) };
    const two = await paint({ ...layer, points: { from: points }, color, alpha: 1 });
    expect([two(48, 24, 0), two(48, 24, 2)]).toEqual([0, 255]);
    expect([two(24, 72, 0), two(24, 72, 2)]).toEqual([255, 0]);
    const first = await paint({ ...layer, points: { from: points }, color: WHITE, count: 1 });
    expect(first(24, 72)).toBe(0);
  });
});

describe("lines and arrows", () => {
  test("a line that can be seen through has one opacity, joints and bends included", async () => {
    // Along the middle of row 48, then sharply back down to the left.
    const y = 4 - 8 * (48.5 / SIZE);
    const nodes = [-3, y, -1, y, 0, y, 3, y, -3, -3];
    const at = await paint({
      kind: "lines",
      points: { from: given([...nodes, -3, 3, -3, 3, -3, 3, -3, 3, 3, 3], [10, 2]) },
      nodes: 5,
      width: 3,
      color: WHITE,
      alpha: 0.5,
    });
    for (let x = 14; x < 70; x++) {
      for (const row of [47, 48, 49]) expect(Math.abs(at(x, row) - 127.5)).toBeLessThan(1);
      expect(at(x, 46)).toBe(0);
    }
    let most = 0;
    for (let y = 0; y < SIZE; y++) for (let x = 0; x < SIZE; x++) most = Math.max(most, at(x, y));
    expect(most).toBeLessThanOrEqual(128);
    // The second line, most of whose nodes are in one place.
    expect(Math.abs(at(48, 12) - 127.5)).toBeLessThan(1);
  });

  test("a part of each line ends between its nodes, as if the line ended there", async () => {
    const y = 4 - 8 * (48.5 / SIZE);
    const line = { kind: "lines", width: 3, color: WHITE, alpha: 0.5 } as const;
    const nodes = [-3, y, -1, y, 1, y, 3, y, -3, -3, -3, -1, -3, 1, -3, 3];
    const all = { ...line, points: { from: given(nodes, [8, 2]) }, nodes: 4 };
    const part = await paint({ ...all, part: [0.25, 1.75] });
    const own = given([-2.5, y, -1, y, 0.5, y, -3, -2.5, -3, -1, -3, 0.5], [6, 2]);
    const same = await paint({ ...line, points: { from: own }, nodes: 3 });
    for (let row = 0; row < SIZE; row++)
      for (let x = 0; x < SIZE; x++) expect(Math.abs(part(x, row) - same(x, row))).toBeLessThanOrEqual(1);
    expect(Math.abs(part(40, 48) - 127.5)).toBeLessThan(1);
    expect(sum(await paint({ ...all, part: [2, 2] }))).toBe(0);
  });

  test("an arrow leads from its tail to its tip, in one opacity", async () => {
    // One cell: an arrow of four units to the right around the middle, from pixel 24 to pixel 72.
    const layer = { kind: "arrows", width: 2, head: 8, color: WHITE, alpha: 0.5 } as const;
    const field = { from: given([2, 0], [1, 1, 2]) };
    const right = await paint({ ...layer, field, scale: 2 });
    const left = await paint({ ...layer, field, scale: -2 });
    for (let x = 26; x < 70; x++) expect(Math.abs(right(x, 47) - 127.5)).toBeLessThan(1);
    expect(right(20, 47)).toBe(0);
    expect(right(76, 47)).toBe(0);
    // The barb ends 8 cos 2.6 = −6.9 pixels behind the tip and 4.1 aside.
    expect(right(65, 43)).toBeGreaterThan(60);
    expect(right(30, 43)).toBe(0);
    for (let x = 10; x < 86; x++) {
      for (let y = 40; y < 56; y++) {
        expect(right(x, y)).toBeLessThanOrEqual(128);
        // Turned round it is its own mirror image.
        expect(Math.abs(right(x, y) - left(95 - x, y))).toBeLessThanOrEqual(1);
      }
    }
  });
});

test("what cannot be drawn is named; nothing is left behind", async () => {
  const before = device.stats();
  const own = await render.painter(device);
  const points = tensor(device, [0, 0, 1, 1], [2, 2]);
  const dots = { kind: "dots", points: { from: points }, radius: 2, color: WHITE, alpha: 1 } as const;
  const picture = { size: 8, window: WINDOW, background: WHITE, layers: [dots] };
  expect([...(await own.pixels({ ...picture, layers: [] }))].every((byte) => byte === 255)).toBe(true);
  const bad: [Partial<render.Picture>, RegExp][] = [
    [{ size: 0 }, /size is 0/],
    [{ window: [1, 1] }, /window is 1/],
    [{ layers: [{ ...dots, count: 3 }] }, /count is 3/],
    [{ layers: [{ ...dots, points: { from: points, share: 2 } }] }, /points.share is 2/],
    [{ layers: [{ ...dots, kind: "lines", points: { from: given([1], [1]) }, width: 1 }] }, /shape \[1\]/],
    [{ layers: [{ ...dots, kind: "lines", nodes: 3, width: 1 }] }, /nodes is 3/],
    [{ layers: [{ ...dots, kind: "lines", width: 1, part: [0, 1.5] }] }, /part is \[0, 1.5\]/],
    [{ layers: [{ ...dots, kind: "lines", width: 1, part: [1, 0.5] }] }, /the lower end first/],
  ];
  for (const [change, text] of bad) {
    await expect(own.pixels({ ...picture, ...change })).rejects.toThrow(text);
  }
  points.dispose();
  await expect(own.pixels(picture)).rejects.toMatchObject({ code: "disposed" });
  own.dispose();
  await expect(own.pixels({ ...picture, layers: [] })).rejects.toMatchObject({ code: "disposed" });
  expect(device.stats().buffers).toBe(before.buffers + 1);
  expect(device.uncapturedErrors).toEqual([]);
});
