/** S as a picture: one panel an axis, both scales logarithmic, bars from the fastest to the slowest repeat. */
import type { ScalingAxis } from "../../src/bench/report.js";
import { short } from "../../src/bench/table.js";

const PANEL = { width: 270, height: 220, left: 66, right: 12, top: 30, bottom: 34 };

/** An SVG with a title, for light and dark surroundings alike. */
export function scalingPlot(axes: readonly ScalingAxis[]): string {
  const { width, height } = PANEL;
  const panels = axes.map((axis, i) => `<g transform="translate(${i * width} 0)">${panel(axis)}</g>`);
  const style =
    "text{font:11px sans-serif;fill:#777}path{fill:none;stroke:#777}.c{stroke:#2a78d6;stroke-width:2}";
  const slopes = axes.map(({ axis, slope }) => `${axis} ${slope.toFixed(2)}`).join(", ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${axes.length * width} ${height}" role="img">`,
    `<title>Milliseconds of a log-density along each axis; slopes: ${slopes}</title>`,
    `<style>${style}</style>`,
    ...panels,
    "</svg>\n",
  ].join("\n");
}

function panel({ axis, points, slope }: ScalingAxis): string {
  const { width, height, left, right, top, bottom } = PANEL;
  const times = points.flatMap(({ ms }) => [ms.min, ms.max]);
  const x = scale(
    points.map((point) => point.x),
    left,
    width - right,
  );
  const y = scale(times, height - bottom, top);
  const line = points.map((point, i) => `${i === 0 ? "M" : "L"}${x(point.x)} ${y(point.ms.median)}`).join("");
  const bars = points.map(({ x: at, ms }) => `M${x(at)} ${y(ms.min)}V${y(ms.max)}`).join("");
  const ends = [points[0]!, points.at(-1)!];
  const labels = ends.map(
    (end, i) =>
      `<text x="${x(end.x)}" y="${height - bottom + 16}" text-anchor="${i === 0 ? "start" : "end"}">${short(end.x)}</text>`,
  );
  const marks = [Math.min(...times), Math.max(...times)].map(
    (ms) =>
      `<text x="${left - 6}" y="${y(ms)}" text-anchor="end" dominant-baseline="middle">${short(ms)} ms</text>`,
  );
  return [
    `<text x="${left}" y="16">${axis}, slope ${slope.toFixed(2)}</text>`,
    `<path d="M${left} ${top}V${height - bottom}H${width - right}"/>`,
    `<path class="c" d="${line}${bars}"/>`,
    ...labels,
    ...marks,
  ].join("");
}

/** From values to places, logarithmic, rounded to tenths. */
function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const low = Math.log(Math.min(...values));
  const span = Math.log(Math.max(...values)) - low || 1;
  return (value) => Math.round(10 * (from + ((to - from) * (Math.log(value) - low)) / span)) / 10;
}
