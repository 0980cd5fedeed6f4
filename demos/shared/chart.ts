/** Curves over training steps, drawn by uPlot in the page's colours, with a text for those who cannot see them. */
// First: uPlot reads the language while it loads.
import "./language.js";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { make } from "./dom.js";
import { onThemeChange, token } from "./theme.js";

export interface Curve {
  readonly label: string;
  /** The colour token of the line, e.g. "--accent". */
  readonly color: string;
  readonly width?: number;
  readonly dash?: number[];
  /** Joins across steps without a value. */
  readonly joined?: boolean;
}

export interface ChartOptions {
  /** With the unit, e.g. "NLL (nats)". */
  readonly yLabel: string;
  readonly curves: readonly Curve[];
  /** CSS pixels. */
  readonly height: number;
  /** The values are counts: no fractions on the axis, which begins at 0. */
  readonly counts?: boolean;
}

/** Steps, then one column a curve; null where a curve has no value. */
export type Columns = [number[], ...(number | null)[][]];

export class Chart {
  #plot: uPlot | undefined;
  #columns: Columns;
  readonly #area: HTMLElement;

  constructor(
    readonly host: HTMLElement,
    readonly options: ChartOptions,
  ) {
    this.#columns = [[], ...options.curves.map(() => [])];
    this.#area = make("div", { className: "chart-area" });
    this.#area.setAttribute("role", "img");
    this.#area.style.minHeight = `${options.height}px`;
    host.append(this.#key(), this.#area);
    onThemeChange(() => this.#build());
    new ResizeObserver(() => this.#resize()).observe(this.#area);
  }

  /** @param summary what the curves say, in a sentence */
  update(columns: Columns, summary: string): void {
    this.#columns = columns;
    this.#area.setAttribute("aria-label", summary);
    this.#plot?.setData(columns as uPlot.AlignedData);
  }

  #key(): HTMLElement {
    const key = make("div", { className: "chart-key small" });
    for (const { label, color, dash, width } of this.options.curves) {
      const line = make("span", { className: "chart-line" });
      line.style.borderTop = `${Math.max(2, width ?? 2)}px ${dash ? "dashed" : "solid"} var(${color})`;
      key.append(make("span", {}, line, label));
    }
    return key;
  }

  #resize(): void {
    const { clientWidth } = this.#area;
    if (clientWidth === 0) return;
    if (this.#plot) this.#plot.setSize({ width: clientWidth, height: this.options.height });
    else this.#build();
  }

  /** Colours are fixed when a plot is made, so a new theme makes a new plot. */
  #build(): void {
    const width = this.#area.clientWidth;
    if (width === 0) return;
    this.#plot?.destroy();
    const { yLabel, curves, height, counts } = this.options;
    const axis: uPlot.Axis = {
      stroke: token("--ink-soft"),
      grid: { stroke: token("--line"), width: 1 },
      ticks: { stroke: token("--line"), width: 1 },
      font: `12px ${token("--font")}`,
      labelFont: `12px ${token("--font")}`,
      labelSize: 18,
      labelGap: 0,
    };
    const series = curves.map((curve) => ({
      label: curve.label,
      stroke: token(curve.color),
      width: curve.width ?? 2,
      dash: curve.dash,
      spanGaps: curve.joined ?? false,
      points: { show: false },
    }));
    this.#plot = new uPlot(
      {
        width,
        height,
        legend: { show: false },
        cursor: { show: false },
        // Room for half of the last number.
        padding: [8, 18, 0, 0],
        scales: {
          x: { time: false, range: (_plot, low, high) => [low ?? 0, Math.max(high ?? 0, 10)] },
          y: counts ? { range: (_plot, _low, high) => [0, Math.max(4, 1.15 * (high ?? 0))] } : {},
        },
        axes: [
          { ...axis, label: "training step", size: 28, space: 60 },
          {
            ...axis,
            label: yLabel,
            size: 44,
            ...(counts && { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }),
          },
        ],
        series: [{}, ...series],
      },
      this.#columns as uPlot.AlignedData,
      this.#area,
    );
  }
}
