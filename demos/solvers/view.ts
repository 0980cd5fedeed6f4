/** The pictures of the solver page: phase plane, stability region, solution and step lengths over time. */
import { METHODS, type MethodName } from "fjordgpu";
import { Chart, type Columns } from "../shared/chart.js";
import { colorAt } from "../shared/colormap.js";
import { byId, make } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import { Plane } from "../shared/plane.js";
import type { Exact, Settings, Solved } from "./protocol.js";
import { amplification } from "./stability.js";
import { systemOf } from "./systems.js";

/** On the dark plates, in either theme. */
const COLORS = { exact: "#9fd8e6", solved: "#ffb86b", arrows: "#7f94b8", start: "#ffffff" };

/** Cells along a side of the stability picture. */
const CELLS = 180;

export class View {
  readonly #phase: Plane;
  readonly #stability: Plane;
  readonly #solution: Chart;
  readonly #steps: Chart;
  #exact: Exact | undefined;
  #solved: Solved | undefined;
  #region: HTMLCanvasElement | undefined;
  #regionOf: MethodName | undefined;

  constructor() {
    this.#phase = new Plane(byId("plate", HTMLCanvasElement), [-4, 4], (plane) => this.#paintPhase(plane));
    this.#stability = new Plane(byId("stability", HTMLCanvasElement), [-6, 2], (plane) =>
      this.#paintStability(plane),
    );
    this.#stability.names = { x: "real part of h λ", y: "imaginary part of h λ" };
    this.#solution = new Chart(byId("solution", HTMLElement), {
      yLabel: "state",
      xLabel: "time t",
      height: 220,
      curves: [],
    });
    this.#steps = new Chart(byId("step-lengths", HTMLElement), {
      yLabel: "step length h",
      xLabel: "time t",
      height: 220,
      log: { y: true },
      curves: [{ label: "length of each step", color: "--warm", dots: true, width: 1 }],
    });
  }

  /** The state under a click into the phase plane. */
  placeOf(event: MouseEvent): [x: number, y: number] | undefined {
    return this.#phase.placeOf(event);
  }

  /** Empties the pictures for other settings. */
  begin({ system, p, method }: Settings): void {
    const { window, names } = systemOf(system);
    const { x, y } = window(p);
    this.#phase.window = x;
    this.#phase.windowY = y;
    this.#phase.names = { x: names[0], y: names[1] };
    if (this.#regionOf !== method) {
      this.#regionOf = method;
      const wide = METHODS[method].order > 5;
      this.#stability.window = wide ? [-9, 3] : [-6, 2];
      this.#stability.windowY = wide ? [-6, 6] : [-4, 4];
      this.#region = region(method, this.#stability.window, this.#stability.windowY);
    }
    const { time } = systemOf(system);
    this.#solution.options = { ...this.#solution.options, xLabel: time };
    this.#steps.options = { ...this.#steps.options, xLabel: time };
    this.#solution.setCurves([
      { label: names[0], color: "--accent", joined: true, width: 1.5 },
      { label: names[1], color: "--ink-soft", joined: true, width: 1.5, dash: [5, 4] },
      { label: "steps of the solver", color: "--warm", dots: "only" },
      { label: "", color: "--warm", dots: "only" },
    ]);
    this.#invalidate();
  }

  showExact(exact: Exact): void {
    this.#exact = exact;
    this.#solved = undefined;
    this.#invalidate();
  }

  /** @returns the picture in a sentence */
  showSolved(solved: Solved, { method, system }: Settings): string {
    this.#solved = solved;
    const steps = solved.h.length;
    const { names, title } = systemOf(system);
    const [shortest, longest] = [Math.min(...solved.h), Math.max(...solved.h)];
    const lengths = steps === 0 ? "no steps" : `lengths ${plain(shortest)} to ${plain(longest)}`;
    this.#steps.update(
      [[...solved.t.subarray(0, steps)], [...solved.h]],
      `${integer(steps)} steps, ${lengths}.`,
    );
    this.#solution.update(
      this.#columns(),
      `${names[0]} and ${names[1]} over time, with ${integer(steps)} steps.`,
    );
    this.#invalidate();
    const end = solved.z.slice(-2);
    const text = `${title} by ${method}: ${integer(steps)} steps, ${lengths}, ending at ${decimal(end[0], 2)}, ${decimal(end[1], 2)}.`;
    this.#phase.canvas.setAttribute("aria-label", text);
    const inside = this.#inside(method);
    this.#stability.canvas.setAttribute(
      "aria-label",
      `Region of stability of ${method}; ${Math.round(100 * inside)} % of the values h λ of this solve lie in it.`,
    );
    return text;
  }

  /** Share of the values h λ of the solve that the method keeps from growing. */
  #inside(method: MethodName): number {
    const { spectrum } = this.#solved!;
    let inside = 0;
    for (let i = 0; 2 * i < spectrum.length; i++) {
      if (amplification(METHODS[method], spectrum[2 * i]!, spectrum[2 * i + 1]!) <= 1) inside++;
    }
    return spectrum.length === 0 ? 1 : inside / (spectrum.length / 2);
  }

  /** Exact curves and the solver's dots on one axis of times. */
  #columns(): Columns {
    const exact = this.#exact!;
    const { t, z } = this.#solved!;
    const rows = [...exact.t].map((time, i) => [time, exact.z[2 * i]!, exact.z[2 * i + 1]!, null, null]);
    // Beyond twice the exact range a diverging solve would flatten everything else.
    const most = 2 * exact.z.reduce((size, value) => Math.max(size, Math.abs(value) || 0), 1);
    const shown = (value: number) => (Math.abs(value) <= most ? value : null);
    t.forEach((time, i) => {
      rows.push([time, null, null, shown(z[2 * i]!), shown(z[2 * i + 1]!)]);
    });
    rows.sort((a, b) => a[0]! - b[0]!);
    return [0, 1, 2, 3, 4].map((column) => rows.map((row) => row[column]!)) as Columns;
  }

  #invalidate(): void {
    this.#phase.invalidate();
    this.#stability.invalidate();
  }

  #paintPhase(plane: Plane): void {
    const exact = this.#exact;
    if (!exact) return;
    const { arrows } = exact;
    const strokes: number[][] = [];
    const heads: number[] = [];
    for (let i = 0; i < arrows.length; i += 4) {
      const [x, y, dx, dy] = arrows.subarray(i, i + 4) as unknown as [number, number, number, number];
      strokes.push([x - dx / 2, y - dy / 2, x + dx / 2, y + dy / 2]);
      heads.push(x + dx / 2, y + dy / 2);
    }
    plane.lines(strokes, COLORS.arrows, 0.55);
    plane.dots({ points: heads, colors: [COLORS.arrows], radius: 1.7, alpha: 1 });
    plane.lines([exact.z], COLORS.exact, 0.7, 3);
    if (this.#solved) {
      plane.lines([this.#solved.z], COLORS.solved, 0.9, 1.25);
      plane.dots({ points: this.#solved.z, colors: [COLORS.solved], radius: 3.6, alpha: 1 });
    }
    plane.dots({ points: exact.z.slice(0, 2), colors: [COLORS.start], radius: 5.5, alpha: 1 });
  }

  #paintStability(plane: Plane): void {
    if (this.#region) plane.image(this.#region);
    const axes = [
      [-20, 0, 20, 0],
      [0, -20, 0, 20],
    ];
    plane.lines(axes, COLORS.start, 0.35);
    if (!this.#solved) return;
    plane.dots({ points: this.#solved.spectrum, colors: [COLORS.solved], radius: 3, alpha: 1 });
  }
}

/** |R| ≤ 1 as an image: brighter where errors die out faster, dark where they grow. */
function region(
  method: MethodName,
  window: readonly [number, number],
  windowY: readonly [number, number],
): HTMLCanvasElement {
  const canvas = make("canvas", { width: CELLS, height: CELLS });
  const context = canvas.getContext("2d")!;
  const side = window[1] - window[0];
  for (let row = 0; row < CELLS; row++) {
    for (let column = 0; column < CELLS; column++) {
      const x = window[0] + ((column + 0.5) / CELLS) * side;
      const y = windowY[1] - ((row + 0.5) / CELLS) * side;
      const growth = amplification(METHODS[method], x, y);
      if (growth > 1) continue;
      context.fillStyle = colorAt(0.32 + 0.3 * (1 - growth));
      context.fillRect(column, row, 1, 1);
    }
  }
  return canvas;
}

/** A step length: three digits. */
export function plain(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "–";
}
