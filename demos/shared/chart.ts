/** Curves over training steps or anything else, drawn by uPlot in the page's colours, with a text for those who cannot see them. */
// First: uPlot reads the language while it loads.
import "./language.js";
import type uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { make } from "./dom.js";
import { integer, powerOfTen } from "./format.js";
import type { Lens } from "./lens.js";
import { onThemeChange, token } from "./theme.js";

export interface Curve {
  /** Empty: not in the key. */
  readonly label: string;
  /** The colour token of the line, e.g. "--accent". */
  readonly color: string;
  readonly width?: number;
  readonly dash?: number[];
  /** Joins across steps without a value. */
  readonly joined?: boolean;
  /** A dot at each value; "only": dots and no line. */
  readonly dots?: boolean | "only";
  /** Keeps each value until the next x: the outline of a histogram. */
  readonly stairs?: boolean;
  /** Tints the area, with this opacity: down to another curve, so many places further on in the list, or to 0. */
  readonly fill?: { readonly opacity: number; readonly down?: number };
}

export interface ChartOptions {
  /** With the unit, e.g. "NLL (nats)". */
  readonly yLabel: string;
  readonly curves: readonly Curve[];
  /** CSS pixels. */
  readonly height: number;
  /** The values are counts: no fractions on the axis, which begins at 0. */
  readonly counts?: boolean;
  /** With the unit; default "training step". */
  readonly xLabel?: string;
  /** Axes in powers of ten: values above 0 only. */
  readonly log?: { readonly x?: boolean; readonly y?: boolean };
  /** [low, high] of the y axis, whatever the values. Another one holds from the next update on. */
  readonly windowY?: readonly [number, number];
  /** Through which a reader looks closer at this chart and others; default: it cannot be zoomed. */
  readonly lens?: Lens;
}

/** Steps (or what x is) in ascending order, then one column a curve; null where a curve has no value. */
export type Columns = [number[], ...(number | null)[][]];

/** Powers of ten with a little room on both sides; one decade where there is nothing yet. */
const logRange = (_plot: uPlot, low: number, high: number): [number, number] =>
  low > 0 && high > 0 ? [low / 1.3, high * 1.3] : [0.1, 1];

const logScale: uPlot.Scale = { distr: 3, range: logRange };

/** "10,000" with the room around it, CSS pixels. */
const WIDEST_NUMBER = 48;

/** Grid lines at powers of ten, at 2 and 5 times them too where they are few; every second or third where many. */
const powers: Partial<uPlot.Axis> = {
  splits: (plot, axis, low, high) => {
    const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
    const every = Math.ceil((last - first) / 8);
    // A number and its double are the nearest.
    const nearest = Math.log10(2) / Math.log10(high / low);
    const isWide = axis !== 0 || nearest * (plot.width - Y_AXIS - PAST_END) > WIDEST_NUMBER;
    const digits = last - first <= 4 && isWide ? [1, 2, 5] : [1];
    const all: number[] = [];
    for (let exponent = first; exponent <= last; exponent++) {
      if (exponent % every === 0) all.push(...digits.map((digit) => Number(`${digit}e${exponent}`)));
    }
    return all.filter((value) => value >= low && value <= high);
  },
  filter: (_plot, splits) => splits,
  values: (_plot, splits) => splits.map(magnitude),
};

/** Of even steps. uPlot itself writes a hyphen for the minus sign. */
const even = new Intl.NumberFormat("en");

/** "0.02", "1", "100"; "10⁻⁶" where that is shorter. The value has one digit that is not 0. */
function magnitude(value: number): string {
  if (value >= 1) return integer(value);
  if (value >= 1e-3) return String(value);
  const [digit, exponent] = value.toExponential(0).split("e");
  const power = powerOfTen(Number(exponent));
  return digit === "1" ? power : `${digit}·${power}`;
}

/** The colour of a token (#rrggbb) with an opacity. */
const tint = (color: string, opacity: number) =>
  `${token(color)}${Math.round(255 * opacity)
    .toString(16)
    .padStart(2, "0")}`;

/** Width of every y axis, CSS pixels: one for all, so that the x axes of charts above each other line up. */
const Y_AXIS = 54;

/** Room for half of the last number of the x axis, CSS pixels. */
const PAST_END = 18;

/** Fetched with the first curve, since a page is of use before there is any. */
const library = () => import("uplot");

export class Chart {
  #plot: uPlot | undefined;
  /** Counts the plots that were begun, so that only the last of them is shown. */
  #begun = 0;
  #columns: Columns;
  /** The plot has curves of old; another is being made, or will be once there is room for it. */
  #stale = false;
  readonly #area: HTMLElement;
  #key: HTMLElement;

  constructor(
    readonly host: HTMLElement,
    public options: ChartOptions,
  ) {
    this.#columns = [[], ...options.curves.map(() => [])];
    this.#area = make(
      "div",
      { className: "chart-area" },
      make("p", { className: "hint" }, "Nothing to draw yet."),
    );
    this.#area.setAttribute("role", "img");
    const { yLabel, xLabel = "training step" } = options;
    this.#area.setAttribute("aria-label", `${yLabel} over ${xLabel}: nothing yet`);
    this.#area.style.minHeight = `${options.height}px`;
    this.#key = this.#makeKey();
    host.append(this.#key, this.#area);
    options.lens?.add(this);
    onThemeChange(() => void this.#build());
    new ResizeObserver(() => this.#resize()).observe(this.#area);
  }

  /** @param summary what the curves say, in a sentence */
  update(columns: Columns, summary: string): void {
    this.#columns = columns;
    this.#area.setAttribute("aria-label", summary);
    // A new plot takes the columns that are there when it is made.
    if (this.#stale) return;
    if (this.#plot) {
      if (!this.options.lens?.isHeld) this.refresh();
    } else if (this.#begun === 0) void this.#build();
  }

  /** For the lens. */
  refresh(): void {
    this.#plot?.setData(this.#columns as uPlot.AlignedData);
  }

  /** For the lens. */
  mark(x: number | undefined): void {
    const plot = this.#plot;
    plot?.setCursor({ left: x === undefined ? -10 : plot.valToPos(x, "x"), top: 0 }, false);
  }

  /** Shows other curves, until the next update without values. */
  setCurves(curves: readonly Curve[]): void {
    this.options = { ...this.options, curves };
    this.#columns = [[], ...curves.map(() => [])];
    const key = this.#makeKey();
    this.#key.replaceWith(key);
    this.#key = key;
    this.#stale = this.#plot !== undefined;
    void this.#build();
  }

  /** Switches between even steps and powers of ten on the x axis; values of 0 are then not shown. */
  setLogX(x: boolean): void {
    this.options = { ...this.options, log: { ...this.options.log, x } };
    this.#build();
  }

  /** Names the x axis anew; the values of an update belong to it. */
  setXLabel(xLabel: string | undefined): void {
    this.options = { ...this.options, xLabel };
    void this.#build();
  }

  #makeKey(): HTMLElement {
    const key = make("div", { className: "chart-key small" });
    for (const { label, color, dash, width, dots, fill } of this.options.curves) {
      if (!label) continue;
      const line = make("span", { className: dots === "only" ? "chart-dot" : "chart-line" });
      if (dots === "only") line.style.background = `var(${color})`;
      // A band without a line of its own.
      else if (fill?.down && width === 0)
        Object.assign(line.style, { height: "0.75rem", background: `var(${color})`, opacity: fill.opacity });
      else line.style.borderTop = `${Math.max(2, width ?? 2)}px ${dash ? "dashed" : "solid"} var(${color})`;
      key.append(make("span", {}, line, label));
    }
    return key;
  }

  #resize(): void {
    const { clientWidth } = this.#area;
    if (clientWidth === 0) return;
    if (this.#plot && !this.#stale) this.#plot.setSize({ width: clientWidth, height: this.options.height });
    else void this.#build();
  }

  /** Colours are fixed when a plot is made, so a new theme makes a new plot. */
  async #build(): Promise<void> {
    // One place on the x axis is no curve.
    if (this.#area.clientWidth === 0 || (!this.#plot && this.#columns[0].length < 2)) return;
    const turn = ++this.#begun;
    const { default: Plot } = await library();
    const width = this.#area.clientWidth;
    if (turn !== this.#begun || width === 0) return;
    this.#plot?.destroy();
    this.#stale = false;
    this.#area.replaceChildren();
    const { yLabel, curves, height, counts, xLabel, log, windowY, lens } = this.options;
    const axis: uPlot.Axis = {
      stroke: token("--ink-soft"),
      grid: { stroke: token("--line"), width: 1 },
      // Short, so that "5·10⁻⁴" does not reach the label.
      ticks: { stroke: token("--line"), width: 1, size: 4 },
      gap: 4,
      font: `12px ${token("--font")}`,
      labelFont: `12px ${token("--font")}`,
      labelSize: 18,
      labelGap: 0,
      values: (_plot, splits) => splits.map((value) => even.format(value).replace("-", "−")),
    };
    const series = curves.map((curve) => ({
      label: curve.label,
      stroke: token(curve.color),
      width: curve.width ?? 2,
      dash: curve.dash,
      spanGaps: curve.joined ?? false,
      ...(curve.dots === "only" && { paths: () => null }),
      ...(curve.stairs && { paths: Plot.paths.stepped!({ align: 1 }) }),
      ...(curve.fill && !curve.fill.down && { fill: tint(curve.color, curve.fill.opacity) }),
      points: curve.dots ? { show: true, size: 5, width: 0, fill: token(curve.color) } : { show: false },
    }));
    const bands = curves.flatMap(({ color, fill }, i) =>
      // Series 0 is x.
      fill?.down
        ? [{ series: [1 + i, 1 + i + fill.down] as [number, number], fill: tint(color, fill.opacity) }]
        : [],
    );
    const plot = new Plot(
      {
        width,
        height,
        legend: { show: false },
        cursor: lens ? zooming(lens) : { show: false },
        ...(lens && { hooks: { setSelect: [(plot: uPlot) => zoomTo(plot, lens)] } }),
        padding: [8, PAST_END, 0, 0],
        scales: {
          x: {
            time: false,
            distr: log?.x ? 3 : 1,
            range: (plot, low, high) => {
              if (lens?.span) return [...lens.span];
              if (log?.x) return logRange(plot, low, high);
              return [low ?? 0, xLabel ? (high ?? 1) : Math.max(high ?? 0, 10)];
            },
          },
          y: log?.y
            ? logScale
            : counts
              ? { range: (_plot, _low, high) => [0, Math.max(4, 1.15 * (high ?? 0))] }
              : windowY
                ? { range: () => [...(this.options.windowY ?? windowY)] }
                : {},
        },
        axes: [
          { ...axis, label: xLabel ?? "training step", size: 32, space: 60, ...(log?.x && powers) },
          {
            ...axis,
            label: yLabel,
            size: Y_AXIS,
            ...(log?.y && powers),
            ...(counts && { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }),
          },
        ],
        series: [{}, ...series],
        bands,
      },
      this.#columns as uPlot.AlignedData,
      this.#area,
    );
    this.#plot = plot;
    if (!lens) return;
    plot.over.addEventListener("mousemove", ({ clientX }) => {
      lens.read(plot.posToVal(clientX - plot.over.getBoundingClientRect().left, "x"));
    });
    plot.over.addEventListener("mouseleave", () => lens.read(undefined));
  }
}

/** A line under the pointer, and a part of the x axis chosen by drag; a double click shows everything. */
function zooming(lens: Lens): uPlot.Cursor {
  return {
    y: false,
    points: { show: false },
    drag: { x: true, y: false, setScale: false, dist: 5 },
    bind: {
      dblclick: () => () => {
        lens.whole();
        return null;
      },
    },
  };
}

function zoomTo(plot: uPlot, lens: Lens): void {
  const { left, width } = plot.select;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  lens.zoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
}
