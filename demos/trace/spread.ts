/** How fast the spread falls with the number of probes: measured with the library's averages, beside theory. */
import type { ProbeDistribution } from "fjordgpu";
import { Chart, type Columns } from "../shared/chart.js";
import { byId, make } from "../shared/dom.js";
import { decimal, scientific } from "../shared/format.js";
import { LOOKS } from "./looks.js";
import { SPREADS, type Spread } from "./protocol.js";
import { type JacobianFacts, logSlope, variance } from "./theory.js";

/** Shares of the exact trace's scale below which float32 has nothing to say. */
const ROUNDING = 1e-4;

export class SpreadView {
  readonly #chart = new Chart(byId("spread", HTMLElement), {
    yLabel: "standard deviation",
    xLabel: "probes n in the average",
    height: 230,
    log: { x: true, y: true },
    curves: [],
  });
  readonly #rows = byId("spread-rows", HTMLTableSectionElement);

  show(facts: JacobianFacts, spreads: readonly Spread[]): void {
    this.#chart.setCurves(
      spreads.flatMap(({ distribution }) => {
        const { name, color } = LOOKS[distribution];
        return [
          { label: name, color, dots: "only" as const },
          { label: "", color, width: 1, dash: [6, 4], joined: true },
        ];
      }),
    );
    const columns = spreads.flatMap(({ distribution, points }) => [
      SPREADS.map((_, i) => aboveRounding(points[i]?.deviation, facts)),
      SPREADS.map((probes) => aboveRounding(theory(distribution, facts, probes), facts)),
    ]);
    const told = spreads.map(({ distribution, points }) => {
      const slope = slopeOf(points, facts);
      return `${LOOKS[distribution].name}: slope ${decimal(slope, 2)}`;
    });
    this.#chart.update(
      [[...SPREADS], ...columns] as Columns,
      `Standard deviation over the number of probes, both in powers of ten. ${told.join(", ")}.`,
    );
    this.#rows.replaceChildren(...spreads.map((spread) => rowOf(facts, spread)));
  }
}

/** Undefined where there is no such estimator. */
function theory(distribution: ProbeDistribution, facts: JacobianFacts, probes: number): number | undefined {
  if (distribution === "orthogonal" && probes > facts.dim) return undefined;
  return Math.sqrt(variance(distribution, facts, probes));
}

function aboveRounding(value: number | undefined, { symmetric }: JacobianFacts): number | null {
  return value !== undefined && value > ROUNDING * Math.sqrt(symmetric) ? value : null;
}

function slopeOf(points: Spread["points"], facts: JacobianFacts): number | undefined {
  const ys = points.map(({ deviation }) => aboveRounding(deviation, facts) ?? 0);
  return logSlope(
    points.map(({ probes }) => probes),
    ys,
  );
}

function rowOf(facts: JacobianFacts, { distribution, points }: Spread): HTMLTableRowElement {
  const first = points[0]!;
  const last = points.at(-1)!;
  const text = (value: number) => (aboveRounding(value, facts) ? decimal(value) : scientific(value, 0));
  const slope = make("td", { textContent: decimal(slopeOf(points, facts), 2) });
  slope.dataset.testid = `slope-${distribution}`;
  const end = make("td", { textContent: `${text(last.deviation)} at ${last.probes}` });
  end.dataset.testid = `end-${distribution}`;
  return make(
    "tr",
    {},
    make("th", { scope: "row", textContent: LOOKS[distribution].name }),
    make("td", { textContent: text(first.deviation) }),
    end,
    slope,
  );
}
