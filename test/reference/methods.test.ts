import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/gpu/errors.js";
import { METHOD_NAMES, METHODS, type Method, method } from "../../src/ode/methods.js";

/** A rooted tree as the list of its root's subtrees. */
type Tree = readonly Tree[];

/** Forests of `nodes` nodes in all whose trees come from `pool`, each forest once. */
function forests(nodes: number, pool: readonly { tree: Tree; nodes: number }[]): Tree[][] {
  if (nodes === 0) return [[]];
  return pool.flatMap((first, i) =>
    first.nodes > nodes
      ? []
      : forests(nodes - first.nodes, pool.slice(i)).map((rest) => [first.tree, ...rest]),
  );
}

/** treesOf[p]: all rooted trees of p nodes. 1, 1, 2, 4, 9, 20, 48, 115, 286 of them (OEIS A000081). */
const treesOf: Tree[][] = [[]];
for (let p = 1; p <= 9; p++) {
  const pool = treesOf.flatMap((trees, nodes) => trees.map((tree) => ({ tree, nodes })));
  treesOf.push(forests(p - 1, pool));
}

const nodesIn = (tree: Tree): number => 1 + tree.reduce((sum, child) => sum + nodesIn(child), 0);
const density = (tree: Tree): number =>
  tree.reduce((product, child) => product * density(child), nodesIn(tree));

/** Elementary weight of each stage; with |a| it is the size of the numbers summed. */
function elementary(a: readonly (readonly number[])[], tree: Tree): number[] {
  const inner = tree.map((child) => elementary(a, child));
  return a.map((row) =>
    inner.reduce((product, phi) => product * row.reduce((sum, w, j) => sum + w * phi[j]!, 0), 1),
  );
}

/**
 * Largest |Σ b_i Φ_i(tree) − θ^p / γ(tree)| over all trees of p nodes (Hairer, Nørsett & Wanner, Solving ODEs I,
 * II.2), in units of what is summed, so that 1e-14 means "up to rounding" for every method.
 */
function defect(m: Method, weights: readonly number[], p: number, theta = 1): number {
  const sizes = m.a.map((row) => row.map(Math.abs));
  return Math.max(
    ...treesOf[p]!.map((tree) => {
      const phi = elementary(m.a, tree);
      const size = elementary(sizes, tree);
      const sum = weights.reduce((s, w, i) => s + w * phi[i]!, 0);
      const scale = weights.reduce((s, w, i) => s + Math.abs(w) * size[i]!, 1);
      return Math.abs(sum - theta ** p / density(tree)) / scale;
    }),
  );
}

// Entries are rounded to 16 digits and at most 14 products of them are summed.
const ROUNDING = 1e-14;

const at = (m: Method, theta: number) =>
  m.dense!.map((row) => row.reduce((sum, c, j) => sum + c * theta ** (j + 1), 0));
const slopeAt = (m: Method, theta: number) =>
  m.dense!.map((row) => row.reduce((sum, c, j) => sum + (j + 1) * c * theta ** j, 0));

test("there are as many rooted trees as there should be", () => {
  expect(treesOf.slice(1).map((trees) => trees.length)).toEqual([1, 1, 2, 4, 9, 20, 48, 115, 286]);
});

test("an unknown method is an error that names it and the known ones", () => {
  expect(() => method("rk5")).toThrow(ArgumentError);
  expect(() => method("rk5")).toThrow(/"rk5".*dopri5/);
});

describe.each(METHOD_NAMES)("%s", (name) => {
  const m: Method = METHODS[name];

  test("has the shape its stages ask for", () => {
    expect(m.name).toBe(name);
    expect([m.c.length, m.a.length, m.b.length]).toEqual([m.stages, m.stages, m.stages]);
    expect(m.a.map((row) => row.length)).toEqual(m.c.map((_, i) => i));
    expect(m.e !== undefined).toBe(m.embeddedOrder !== undefined);
    if (m.e) expect(m.e.length).toBe(m.stages);
    expect(m.source.length).toBeGreaterThan(10);
  });

  test("row sums are the nodes", () => {
    m.a.forEach((row, i) => {
      const scale = row.reduce((s, v) => s + Math.abs(v), 1);
      expect(Math.abs(row.reduce((s, v) => s + v, 0) - m.c[i]!) / scale).toBeLessThan(ROUNDING);
    });
  });

  test("meets every order condition of its order, and misses one of the next", () => {
    for (let p = 1; p <= m.order; p++) expect(defect(m, m.b, p), `order ${p}`).toBeLessThan(ROUNDING);
    // Far above rounding: the smallest principal error coefficient in the table is dopri8's.
    expect(defect(m, m.b, m.order + 1)).toBeGreaterThan(1e-9);
  });

  test("the last stage is the next step's first exactly where it says so", () => {
    const lastRow = [...m.a[m.stages - 1]!, 0];
    const same = m.c[m.stages - 1] === 1 && lastRow.every((w, i) => w === m.b[i]);
    expect(same).toBe(m.fsal);
  });
});

const ALL: readonly Method[] = Object.values(METHODS);

test.each(ALL.filter((m) => m.e))("the embedded solution of $name has exactly the order stated", (m) => {
  const lower = m.b.map((b, i) => b - m.e![i]!);
  for (let p = 1; p <= m.embeddedOrder!; p++)
    expect(defect(m, lower, p), `order ${p}`).toBeLessThan(ROUNDING);
  expect(defect(m, lower, m.embeddedOrder! + 1)).toBeGreaterThan(1e-9);
});

test("the methods that have a published extension of their own", () => {
  expect(ALL.filter((m) => m.dense).map((m) => m.name)).toEqual(["dopri5", "tsit5", "dopri8"]);
});

test.each(ALL.filter((m) => m.dense))(
  "the extension of $name ends at b, is C¹ across steps, has its order",
  (m) => {
    expect(m.fsal).toBe(true);
    // dopri8's coefficients, up to 121 in size, meet their own conditions to 3e-11 as published; the quartics are
    // C¹ by construction and published to 17 digits at least.
    const tolerance = m.name === "dopri8" ? 1e-10 : 1e-13;
    at(m, 1).forEach((w, i) => {
      expect(Math.abs(w - m.b[i]!)).toBeLessThan(tolerance);
    });
    slopeAt(m, 0).forEach((w, i) => {
      expect(Math.abs(w - (i === 0 ? 1 : 0))).toBeLessThan(tolerance);
    });
    slopeAt(m, 1).forEach((w, i) => {
      expect(Math.abs(w - (i === m.stages - 1 ? 1 : 0))).toBeLessThan(tolerance);
    });
    const order = m.name === "dopri8" ? 5 : 4;
    for (const theta of [0.1, 0.25, 0.5, 0.7, 0.95]) {
      const weights = at(m, theta);
      for (let p = 1; p <= order; p++) {
        expect(defect(m, weights, p, theta), `order ${p} at ${theta}`).toBeLessThan(tolerance);
      }
    }
  },
);
