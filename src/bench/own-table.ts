/** What a person with a GPU sends: the report without peers as Markdown, and where it goes. */
import { expectedText } from "./expected.js";
import type { OwnReport } from "./ours.js";
import { headOf, markdown, short, spreadText } from "./table.js";

/** Said beside the table. The package has no tracker to link to. */
export const WHERE_TO_SEND =
  "Measured on a GPU? Please add the table to docs/benchmark.md by a pull request, " +
  "or send it to whoever gave you fjordgpu.";

/** Adapter, host and date, then a row for every workload, those that failed with the reason; `expectedText` beside the times. */
export function ownTable(report: OwnReport): string {
  const { workloads, failures } = report;
  const rows = Object.entries(workloads).map(([workload, { about, ours }]) => {
    const { ms, scaledBy, gflops, dispatches, submits } = ours;
    const time = `${spreadText(ms)}${scaledBy ? `, ${scaledBy} × a part` : ""}`;
    const rate = gflops === undefined ? "–" : short(gflops);
    return [workload, about, time, expectedText(workload), rate, short(dispatches), short(submits)];
  });
  const failed = Object.entries(failures).map(([workload, reason]) => [
    workload,
    `not measured: ${reason.replace(/\s+/g, " ")}`,
    "–",
    expectedText(workload),
    "–",
    "–",
    "–",
  ]);
  const columns = [
    "",
    "what",
    "ms, median [fastest–slowest]",
    "a GPU by the model, ms",
    "GFLOP/s",
    "dispatches",
    "submits",
  ];
  return `${headOf(report)}\n\n${markdown(columns, [...rows, ...failed])}`;
}
