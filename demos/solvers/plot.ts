/** The work–precision plot and the table beside it. Colours tell the order, dashes the methods of one order. */
import { METHOD_NAMES, METHODS, type MethodName } from "fjordgpu";
import { Chart, type Columns, type Curve } from "../shared/chart.js";
import { byId, make } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import type { Precision, Settings } from "./protocol.js";

const DASHES: readonly (number[] | undefined)[] = [undefined, [7, 4], [2, 3], [9, 3, 2, 3]];

/** The error up to which the table counts evaluations. */
const GOAL = 1e-3;

/** A line for the method; wide if it is the reader's own. */
function curveOf(method: MethodName, chosen: boolean): Curve {
  const { order } = METHODS[method];
  const before = METHOD_NAMES.slice(0, METHOD_NAMES.indexOf(method));
  const place = before.filter((name) => METHODS[name].order === order).length;
  return {
    label: method,
    color: `--order-${order}`,
    dash: DASHES[place],
    width: chosen ? 3 : 1.5,
    joined: true,
    dots: true,
  };
}

export class PrecisionPlot {
  readonly #chart: Chart;
  readonly #table = byId("orders", HTMLTableSectionElement);
  #methods: readonly MethodName[] = [];
  /** By curve, in the order of the chart. */
  #curves: (Precision | undefined)[] = [];

  constructor() {
    this.#chart = new Chart(byId("precision", HTMLElement), {
      yLabel: "relative error at the end",
      xLabel: "field evaluations",
      height: 400,
      log: { x: true, y: true },
      curves: [],
    });
  }

  begin({ method, compare }: Settings): void {
    this.#methods = METHOD_NAMES.filter((name) => name === method || compare.includes(name)).sort(
      (a, b) => METHODS[a].order - METHODS[b].order,
    );
    const curves = this.#methods.map((name) => curveOf(name, name === method));
    if (METHODS[method].e) {
      curves.push({ label: `${method}, adaptive`, color: "--warm", width: 2, joined: true, dots: true });
    }
    this.#curves = curves.map(() => undefined);
    this.#chart.setCurves(curves);
    this.#fillTable();
  }

  add(precision: Precision): void {
    const at = precision.adaptive ? this.#methods.length : this.#methods.indexOf(precision.method);
    this.#curves[at] = precision;
    this.#fillTable();
    const count = this.#curves.filter(Boolean).length;
    this.#chart.update(
      this.#columns(),
      `Error over evaluations for ${integer(count)} curves; the table beside it has the orders measured.`,
    );
  }

  /** All numbers of evaluations, and each curve's error where it has one. */
  #columns(): Columns {
    const works = new Set(this.#curves.flatMap((curve) => curve?.points.map(({ nfe }) => nfe) ?? []));
    const sorted = [...works].sort((a, b) => a - b);
    const columns = this.#curves.map((curve) => {
      const errors = new Map(curve?.points.map(({ nfe, error }) => [nfe, error]));
      return sorted.map((nfe) => errors.get(nfe) ?? null);
    });
    return [sorted, ...columns];
  }

  #fillTable(): void {
    const rows = this.#methods.map((name, i) => {
      const curve = this.#curves[i];
      const enough = curve?.points.find(({ error }) => error <= GOAL)?.nfe;
      const measured = make("td", {
        textContent: curve?.slope === undefined ? "–" : decimal(curve.slope, 2),
      });
      measured.dataset.testid = `order-${name}`;
      return make(
        "tr",
        {},
        make("th", { scope: "row", textContent: name }),
        make("td", { textContent: integer(METHODS[name].order) }),
        measured,
        make("td", { textContent: enough === undefined ? "–" : integer(enough) }),
      );
    });
    this.#table.replaceChildren(...rows);
  }
}
