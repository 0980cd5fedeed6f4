import { describe, expect, test } from "vitest";
import { hostOf } from "../../demos/engine/host.js";
import {
  countDiffering,
  magnitudes,
  together,
  ulp,
  worstRelative,
  worstUlp,
} from "../../demos/engine/numbers.js";
import type { Checked } from "../../demos/engine/protocol.js";
import { errorText, reportText } from "../../demos/engine/report.js";

describe("measures of error", () => {
  test("the unit in the last place is that of float32", () => {
    expect(ulp(1)).toBe(2 ** -23);
    expect(ulp(-3.9)).toBe(2 ** -22);
    expect(ulp(0)).toBe(2 ** -149);
  });

  test("the worst error wins, and no number is worst of all", () => {
    expect(worstUlp([1, 1 + 2 ** -22], [1, 1])).toBe(2);
    // Flushed to 0, as WGSL allows.
    expect(worstUlp([0], [2 ** -130])).toBe(0);
    expect(worstRelative([1, -4], [2, -4])).toBe(0.25);
    expect(worstUlp([Number.NaN, 1], [1, 1])).toBeNaN();
    expect(worstRelative([1], [1, 2])).toBeNaN();
    expect(together({ error: 1, compared: 2 }, { error: Number.NaN, compared: 3 })).toEqual({
      error: Number.NaN,
      compared: 5,
    });
    expect(countDiffering([1, 2, 3], [1, 0])).toBe(2);
  });

  test("magnitudes are of both signs and spread over powers of two", () => {
    const values = magnitudes(500, 7, 40);
    expect(values.some((value) => value < -1e6)).toBe(true);
    expect(values.some((value) => value > 0 && value < 1e-6)).toBe(true);
  });
});

test.each([
  [
    "Chrome 150.0.0.0 (X11; Linux x86_64)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
  ],
  [
    "Edge 150.0.1.2 (Windows NT 10.0; Win64; x64)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.1.2",
  ],
  [
    "Safari 26.0 (Macintosh; Intel Mac OS X 10_15_7)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
  ],
  [
    "Firefox 145.0 (X11; Linux x86_64; rv:145.0)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
  ],
  ["a browser", "a browser"],
])("%s, by its user agent", (host, userAgent) => {
  expect(hostOf(userAgent)).toBe(host);
});

test("the report says what failed and why", () => {
  const check: Checked = {
    type: "checked",
    group: "solves",
    name: "rk4",
    unit: "relative",
    error: Number.NaN,
    bound: 3e-5,
    compared: 0,
    failure: "No pipeline.",
  };
  const text = reportText({ checks: [check], markdown: "| W0 |", measures: [], browser: "a browser" });
  expect(text).toContain("0 of 1 passed");
  expect(text).toContain("\n\nbenchmark\n| W0 |");
  expect(text).toContain("FAIL  solves: rk4  no number / 3.0e-5 relative  No pipeline.");
  expect(errorText({ unit: "ULP", error: 0.5 })).toBe("0.50");
});
