import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { measuredOrder } from "../../demos/solvers/order.js";
import { amplification, eigenvalues, spectrumAt } from "../../demos/solvers/stability.js";
import { SYSTEM_NAMES, systemOf } from "../../demos/solvers/systems.js";
import { readModel } from "../../src/cnf/model-file.js";
import { METHOD_NAMES, METHODS } from "../../src/ode/methods.js";

describe("stability", () => {
  // Ends of the real and imaginary intervals of stability: Hairer & Wanner, Solving ODEs II, IV.2.
  test.each([
    ["euler", -2, 0],
    ["midpoint", -2, 0],
    ["rk4", -2.785293563, 0],
    ["rk4", 0, Math.sqrt(8)],
  ] as const)("%s lets errors stand at %d + %di", (name, x, y) => {
    expect(amplification(METHODS[name], x, y)).toBeCloseTo(1, 8);
    expect(amplification(METHODS[name], 1.05 * x, 1.05 * y)).toBeGreaterThan(1);
  });

  test.each(METHOD_NAMES)("%s follows exp to its order", (name) => {
    // R(z) = e^z + O(z^{p+1}): at |z| = 0.1 the next term is at most 0.1^{p+1}.
    const error = Math.abs(amplification(METHODS[name], -0.1, 0) - Math.exp(-0.1));
    expect(error).toBeLessThan(0.1 ** (METHODS[name].order + 1));
  });

  test("eigenvalues, real and complex", () => {
    expect(eigenvalues(2, 0, 0, -3)).toEqual([2, 0, -3, 0]);
    expect(eigenvalues(-0.5, -2, 2, -0.5)).toEqual([-0.5, 2, -0.5, -2]);
    const spiral = systemOf("spiral").equations!.f(0.25);
    // Differences of 1e-5 in float64 are good to about 1e-10.
    for (const [i, part] of spectrumAt(spiral, 0, 1, -1).entries()) {
      expect(part).toBeCloseTo([-0.25, 2, -0.25, -2][i]!, 8);
    }
  });
});

test("the order is the slope of the small errors above rounding", () => {
  const points = Array.from({ length: 12 }, (_, i) => {
    const h = 2 ** -i;
    return { nfe: 4 * 2 ** i, h, error: 0.1 * h ** 4 + 3e-8 };
  });
  expect(measuredOrder(points, 1e-5)!).toBeCloseTo(4, 1);
  expect(measuredOrder(points.slice(0, 2), 1e-5)).toBeUndefined();
});

test.each(SYSTEM_NAMES)("%s starts inside its window", (name) => {
  const { z0, window, parameter } = systemOf(name);
  const { x, y } = window(parameter?.value ?? 0);
  expect(z0[0]).toBeGreaterThan(x[0]);
  expect(z0[0]).toBeLessThan(x[1]);
  expect(z0[1]).toBeGreaterThan(y[0]);
  expect(z0[1]).toBeLessThan(y[1]);
});

test("the learned field has as many weights as the page says", () => {
  const { params } = readModel(readFileSync("demos/public/models/moons.safetensors"));
  expect(systemOf("learned").equation).toContain(
    `${new Intl.NumberFormat("en").format(params!.length)} weights`,
  );
});
