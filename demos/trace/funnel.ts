/** The main picture: running estimates over the number of probes, closing in on the exact trace. */
import { Chart, type Columns, type Curve } from "../shared/chart.js";
import { byId } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import type { Draws } from "./draws.js";
import { EXACT, LOOKS } from "./looks.js";
import { type Independent, MOST_PROBES, WALKERS } from "./protocol.js";
import { type JacobianFacts, variance } from "./theory.js";

const NUMBERS = Array.from({ length: MOST_PROBES }, (_, i) => i + 1);
/** Walkers drawn as lines of their own. */
const LINES = 3;
/** Room above and below, in standard deviations of one probe. */
const ROOM = 2.4;

export type Drawings = Readonly<Record<Independent, Draws>>;

export class Funnel {
  readonly #chart = new Chart(byId("funnel", HTMLElement), {
    yLabel: "estimate of the trace",
    xLabel: "probes n in the average",
    height: 450,
    log: { x: true },
    windowY: [-1, 1],
    curves: [],
  });
  #shown: readonly Independent[] = [];

  show(distributions: readonly Independent[]): void {
    this.#shown = distributions;
    this.#chart.setCurves([
      ...distributions.flatMap(curvesOf),
      { label: "exact trace", color: EXACT, width: 2.5 },
    ]);
  }

  /** @param n the measured curves end here, or where there is nothing more yet */
  update(facts: JacobianFacts, draws: Drawings, n: number): void {
    const { trace } = facts;
    const most = Math.max(...this.#shown.map((each) => variance(each, facts)), 1e-12);
    const room = ROOM * Math.sqrt(most);
    this.#chart.options = { ...this.#chart.options, windowY: [trace - room, trace + room] };
    const columns = this.#shown.flatMap((each) => columnsOf(each, facts, draws[each], n));
    const bands = this.#shown.map((each) => {
      const last = Math.min(n, draws[each].drawn);
      if (last === 0) return `${LOOKS[each].name}: no estimates yet`;
      const { mean, deviation } = draws[each].band(last);
      return `${LOOKS[each].name}: mean ${decimal(mean)}, deviation ${decimal(deviation)}`;
    });
    this.#chart.update(
      [NUMBERS, ...columns, NUMBERS.map(() => trace)] as Columns,
      `Running estimates over the number of probes. Exact trace ${decimal(trace)}; of ${integer(WALKERS)} averages over ${n} probes, ${bands.join("; ")}.`,
    );
  }
}

/** In the order of columnsOf. */
function curvesOf(distribution: Independent): Curve[] {
  const { name, color } = LOOKS[distribution];
  const theory: Curve = { label: "", color, width: 1, dash: [6, 4] };
  const edge: Curve = { label: "", color, width: 0 };
  return [
    { ...edge, fill: { opacity: 0.16, down: 3 } },
    { ...edge, fill: { opacity: 0.22, down: 1 } },
    edge,
    edge,
    theory,
    theory,
    theory,
    theory,
    { label: name, color, width: 1.25 },
    ...Array.from({ length: LINES - 1 }, () => ({ label: "", color, width: 1.25 })),
  ];
}

function columnsOf(distribution: Independent, facts: JacobianFacts, draws: Draws, n: number) {
  const last = Math.min(n, draws.drawn);
  const measured = (value: (n: number) => number) => NUMBERS.map((k) => (k <= last ? value(k) : null));
  const deviations = [2, 1, -1, -2];
  return [
    ...deviations.map((s) =>
      measured((k) => {
        const { mean, deviation } = draws.band(k);
        return mean + s * deviation;
      }),
    ),
    ...deviations.map((s) =>
      NUMBERS.map((k) => facts.trace + s * Math.sqrt(variance(distribution, facts, k))),
    ),
    ...Array.from({ length: LINES }, (_, walker) => measured((k) => draws.average(walker, k))),
  ];
}
