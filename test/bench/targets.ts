/** What the project asks of itself, beside what a run of the benchmark measured. */
import type { BenchReport, Entry } from "../../src/bench/report.js";
import { bestProductRate, evaluationRatio, markdown, short } from "../../src/bench/table.js";

interface Target {
  readonly workload: string;
  readonly what: string;
  /** Bounds of the value. */
  readonly least?: number;
  readonly most?: number;
  readonly unit: "×" | "" | " ms" | " MiB";
  /** Asked on every adapter, not only on a software one. */
  readonly everywhere?: true;
  /** undefined where the run did not measure it. */
  value(report: BenchReport): number | undefined;
}

const FASTER = "faster than the best WebGPU peer";

const ratio = (workload: string, least: number): Target => ({
  workload,
  what: FASTER,
  least,
  unit: "×",
  value: ({ workloads }) => workloads[workload]?.ratio ?? undefined,
});

const count = (
  workload: string,
  what: string,
  most: number,
  read: (ours: Entry) => number,
  unit: Target["unit"] = "",
): Target => ({
  workload,
  what,
  most,
  unit,
  everywhere: true,
  value: ({ workloads }) => workloads[workload] && read(workloads[workload].ours),
});

const share = (workload: string): Target => ({
  workload,
  what: "GFLOP/s, as a share of the fastest product of the run",
  least: 0.5,
  unit: "",
  value: ({ workloads: { M, [workload]: result } }) =>
    M && result?.ours.gflops && result.ours.gflops / bestProductRate(M),
});

const MIB = 2 ** 20;

const TARGETS: readonly Target[] = [
  ratio("W0", 30),
  count("W0", "dispatches a step", 8, ({ dispatches }) => dispatches),
  count("W0", "buffers created a step", 0, ({ buffersCreated }) => buffersCreated),
  count("W0", "maps a step", 0, ({ maps }) => maps),
  count("W0", "submits a step", 1, ({ submits }) => submits),
  {
    workload: "W0",
    what: "JavaScript a step",
    most: 0.2,
    unit: " ms",
    value: ({ workloads: { W0 } }) => W0?.ours.hostMs,
  },
  ratio("W1", 2.5),
  count("W1", "dispatches a step", 10, ({ dispatches }) => dispatches),
  count("W1", "GPU memory", 64, ({ peakBytes }) => peakBytes / MIB, " MiB"),
  share("W1"),
  { workload: "W1a", what: `an evaluation, ${FASTER} of W1`, least: 4, unit: "×", value: evaluationRatio },
  count("W1a", "maps a step", 0, ({ maps }) => maps),
  ratio("W2", 2),
  share("W2"),
  ratio("W3", 2),
  ratio("W4", 1.3),
  count("W4", "GPU memory of a whole step", 800, ({ peakBytes }) => peakBytes / MIB, " MiB"),
  {
    workload: "M",
    what: "share of the bare kernel's rate, at the size where it is least",
    least: 0.95,
    unit: "",
    value: ({ workloads: { M } }) => M && Math.min(...Object.values(M.sizes).map(({ ofBest }) => ofBest)),
  },
  ratio("T", 10),
];

/** As Markdown, of the workloads that were run: asked, measured, reached or missed. Real GPUs are asked only for what holds on every adapter. */
export function targetsTable(report: BenchReport): string {
  const { adapter, workloads } = report;
  const asked = TARGETS.filter(
    ({ workload, everywhere }) => workload in workloads && (everywhere || adapter.isSoftware),
  );
  const rows = asked.map((target) => {
    const { workload, what, least, most, unit } = target;
    const bound = least === undefined ? `≤ ${most}` : `≥ ${least}`;
    const value = target.value(report);
    if (value === undefined) return [workload, what, bound + unit, "–", "not measured"];
    const reached =
      value >= (least ?? Number.NEGATIVE_INFINITY) && value <= (most ?? Number.POSITIVE_INFINITY);
    return [workload, what, bound + unit, short(value) + unit, reached ? "reached" : "missed"];
  });
  return markdown(["", "what", "asked", "measured", ""], rows);
}
