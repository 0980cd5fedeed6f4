import { data, reference } from "fjordgpu";
import { expect, test } from "vitest";
import { byChance, chanceRange, distances, spreads } from "../../demos/sampling/energy.js";
import { huesOf, waysTo } from "../../demos/sampling/particles.js";
import { FRAMES, HUES, PATHS } from "../../demos/sampling/protocol.js";
import { inSlices } from "../../demos/shared/slices.js";

function resultOf<R>(work: Generator<undefined, R>): R {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** Energy distances for sets of these sizes. */
function apart(x: Float32Array, y: Float32Array, sizes: readonly number[]): number[] {
  return resultOf(distances(x, y, resultOf(spreads(y, sizes)), sizes));
}

/** [n, 2] with y = 0. */
function onLine(values: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: 2 * values.length }, (_, i) => (i % 2 === 0 ? values[i / 2]! : 0));
}

const normal = (n: number, seed: number) =>
  reference.randomNormal(n, { seed, purpose: reference.PURPOSE.base, step: 0 });

/** The definition, pair by pair: 2 mean |x − y| − mean |x − x′| − mean |y − y′| over all n² pairs each. */
function plainly(x: readonly number[][], y: readonly number[][]): number {
  const mean = (a: readonly number[][], b: readonly number[][]) => {
    const all = a.flatMap((p) => b.map((q) => Math.hypot(p[0]! - q[0]!, p[1]! - q[1]!)));
    return all.reduce((sum, value) => sum + value, 0) / all.length;
  };
  return 2 * mean(x, y) - mean(x, x) - mean(y, y);
}

test("the energy distance is what the definition says, averaged over disjoint sets", () => {
  const rows = (points: Float32Array, from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => [points[2 * (from + i)]!, points[2 * (from + i) + 1]!]);
  const x = data.toy("pinwheel").sample(640, 1);
  const y = data.toy("moons").sample(700, 2);
  const [small, large] = apart(x, y, [5, 300]);
  const sets = Array.from({ length: 128 }, (_, k) => 5 * k);
  const each = sets.map((from) => plainly(rows(x, from, from + 5), rows(y, from, from + 5)));
  // Sums of up to 90,000 doubles.
  expect(small).toBeCloseTo(each.reduce((sum, value) => sum + value, 0) / each.length, 10);
  const two = [0, 300].map((from) => plainly(rows(x, from, from + 300), rows(y, from, from + 300)));
  expect(large).toBeCloseTo((two[0]! + two[1]!) / 2, 10);
});

test("between two points it is twice their distance, between equal sets 0", () => {
  const at = (x: number, y: number) => Float32Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? x : y));
  expect(apart(at(1, 2), at(4, 6), [4, 20])).toEqual([10, 10]);
  const set = data.toy("moons").sample(50, 0);
  expect(apart(set, set, [50])[0]).toBeCloseTo(0, 12);
});

test("between Gaussians on a line it is the known expectation", () => {
  const [rows, n, shift] = [20_000, 200, 1.5];
  const x = onLine(normal(rows, 1));
  const y = onLine(normal(rows, 2).map((value) => value + shift));
  // X − Y has mean −μ and variance 2: E|X − Y| is that of a folded Gaussian, E|X − X′| = 2 / √π; each point paired with
  // itself leaves 1/n of the latter two out.
  const within = 2 / Math.sqrt(Math.PI);
  // Φ(−μ / √2) for μ = 1.5.
  const tail = 0.14442218;
  const across = (2 * Math.exp(-(shift ** 2) / 4)) / Math.sqrt(Math.PI) + shift * (1 - 2 * tail);
  const expected = 2 * across - 2 * within * (1 - 1 / n);
  // 100 sets, each with a standard deviation of about 0.16: five standard errors are 0.08.
  expect(Math.abs(apart(x, y, [n])[0]! - expected)).toBeLessThan(0.08);
});

test("sets of one distribution are as far apart as chance says", () => {
  const rows = 10_000;
  const set = data.toy("moons");
  const [x, y] = [set.sample(rows, 3), set.sample(rows, 4)];
  const [spread] = resultOf(spreads(y, [2000]))[0]!;
  // Averages of 200 and 50 pairs of sets; a single one has a relative standard deviation of 0.8 or so.
  const [few, more] = apart(x, y, [50, 200]);
  expect(Math.abs(few! / byChance(spread!, 2000, 50) - 1)).toBeLessThan((5 * 0.8) / Math.sqrt(200));
  expect(Math.abs(more! / byChance(spread!, 2000, 200) - 1)).toBeLessThan((5 * 0.8) / Math.sqrt(50));
  const [low, high] = resultOf(chanceRange(x, y, spread!));
  // Other pairs, of another size.
  const [u, v] = [set.sample(rows, 5), set.sample(rows, 6)];
  const ratios = Array.from({ length: 40 }, (_, k) => {
    const cut = (points: Float32Array) => points.subarray(500 * k, 500 * (k + 1));
    return apart(cut(u), cut(v), [250])[0]! / byChance(spread!, 2000, 250);
  });
  const inside = ratios.filter((ratio) => ratio >= low && ratio <= high).length;
  // Of 40 with probability 0.9: 36 on average, standard deviation 1.9; the range itself is estimated from 100.
  expect(inside).toBeGreaterThanOrEqual(28);
  expect(low).toBeLessThan(0.7);
  expect(high).toBeGreaterThan(1.5);
});

test("long computations run in slices, and can be ended between them", async () => {
  const asLongAs = function* (milliseconds: number): Generator<undefined, string> {
    const end = performance.now() + milliseconds;
    while (performance.now() < end) yield;
    return "done";
  };
  const control = new AbortController();
  let heard = false;
  setTimeout(() => {
    heard = true;
  });
  expect(await inSlices(asLongAs(40), control.signal)).toBe("done");
  expect(heard).toBe(true);
  control.abort();
  expect(await inSlices(asLongAs(1000), control.signal)).toBeUndefined();
});

test("ways end where the points are, and colours go round with the direction", () => {
  const k = PATHS + 8;
  // Point i of frame f is at (f, i).
  const seen = Float32Array.from({ length: FRAMES * 2 * k }, (_, at) =>
    at % 2 === 0 ? Math.floor(at / (2 * k)) : (at >> 1) % k,
  );
  const ways = waysTo(seen, 5);
  expect(ways.length).toBe(2 * PATHS * FRAMES);
  const node = (i: number, f: number) => [...ways.subarray(2 * (i * FRAMES + f), 2 * (i * FRAMES + f) + 2)];
  expect(node(3, 0)).toEqual([0, 3]);
  expect(node(3, 4)).toEqual([4, 3]);
  expect(node(71, 5)).toEqual([5, 71]);
  expect(node(71, FRAMES - 1)).toEqual([5, 71]);
  expect([...huesOf(Float32Array.of(-1, -1e-3, 1, 0, -1, 0))]).toEqual([0, HUES / 2, 0]);
});
