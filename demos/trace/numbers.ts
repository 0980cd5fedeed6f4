/** The numbers of the page: facts about the Jacobian, and measured moments beside those of theory. */
import { byId, make, setText } from "../shared/dom.js";
import { decimal } from "../shared/format.js";
import type { Drawings } from "./funnel.js";
import { LOOKS } from "./looks.js";
import type { Examined, Independent } from "./protocol.js";
import { type JacobianFacts, variance } from "./theory.js";

export function showFacts({ facts, exact, z, adapter }: Examined): void {
  const texts = {
    "exact-trace": decimal(exact),
    symmetric: decimal(facts.symmetric),
    diagonal: decimal(facts.diagonal),
    place: `${[...z.subarray(0, 2)].map((value) => decimal(value, 2)).join(", ")}${z.length > 2 ? ", …" : ""}`,
    adapter,
  };
  for (const [id, text] of Object.entries(texts)) setText(byId(id, HTMLElement), text);
}

/** A row for each kind of probes: all single estimates together. */
export function showMoments(facts: JacobianFacts, draws: Drawings, kinds: readonly Independent[]): void {
  const rows = kinds.map((kind) => {
    const { mean, standardError, variance: measured } = draws[kind].moments;
    const cells = {
      mean: decimal(mean),
      error: decimal(standardError, 4),
      variance: decimal(measured),
      theory: decimal(variance(kind, facts)),
    };
    const row = make("tr", {}, make("th", { scope: "row", textContent: LOOKS[kind].name }));
    for (const [name, textContent] of Object.entries(cells)) {
      const cell = make("td", { textContent });
      cell.dataset.testid = `${name}-${kind}`;
      row.append(cell);
    }
    return row;
  });
  byId("moments", HTMLTableSectionElement).replaceChildren(...rows);
}
