/** The report as Markdown: what people paste and send. */
import {
  type BenchReport,
  type Entry,
  type Failure,
  isEntry,
  type ProductsResult,
  type WorkloadResult,
} from "./report.js";
import type { Spread } from "./timing.js";

/** Ours against the best peer, then every engine on every workload. */
export function benchTable(report: BenchReport): string {
  const head = headOf(report);
  const rows = Object.entries(report.workloads).flatMap(([name, result]) => rowsOf(name, result));
  const summary = markdown(
    [
      "",
      "what",
      "ours, ms",
      "best WebGPU peer, ms",
      "ratio",
      "GFLOP/s",
      "dispatches",
      "submits",
      "buffers",
      "maps",
    ],
    rows.map(({ name, result }) => summaryOf(name, result)),
  );
  const peers = rows.flatMap(({ name, result }) => peersOf(name, result));
  const all = markdown(["", "engine", "ms", "dispatches", "submits", "buffers", "off by"], peers);
  const notes = [notesOf(report), evaluationsOf(report)].filter((note) => note !== "");
  const parts = [head, summary, ...notes, ...(peers.length > 0 ? [all] : [])];
  return parts.join("\n\n");
}

/** W1a beside the best peer of W1, which takes other steps: time by evaluation, forward and back. */
function evaluationsOf({ workloads: { W1, W1a } }: BenchReport): string {
  if (!W1?.ours.nfe || !W1a?.ours.nfe || !W1.ratio) return "";
  const ours = W1a.ours.ms.median / W1a.ours.nfe;
  const peer = (W1.ratio * W1.ours.ms.median) / W1.ours.nfe;
  return (
    `An evaluation of W1a, of ${W1a.ours.nfe}: ${short(ours)} ms; of W1's best peer, of ${W1.ours.nfe}: ` +
    `${short(peer)} ms, ${(peer / ours).toPrecision(3)}×.`
  );
}

/** How near the adapter's own rates the products and the solves come. */
function notesOf({ workloads }: BenchReport): string {
  const { M, W1, W2 } = workloads;
  if (!M) return "";
  const best = M.reference.gflops!;
  const shares = Object.entries(M.sizes).map(([size, { ofBest }]) => `${ofBest.toFixed(2)} (${size})`);
  const solves = Object.entries({ W1, W2 }).flatMap(([name, result]) =>
    result?.ours.gflops ? [`${name} ${(result.ours.gflops / best).toFixed(2)}`] : [],
  );
  return [
    `Multiply-adds in registers: ${short(M.multiplyAdds.gflops!)} GFLOP/s; the bare product kernel: ${short(best)}.`,
    `Our products at ${shares.join(", ")} of the bare kernel's rate.`,
    ...(solves.length > 0 ? [`Share of it at the middle size: ${solves.join(", ")}.`] : []),
  ].join(" ");
}

interface Row {
  readonly name: string;
  readonly result: WorkloadResult;
}

/** What was measured where and when. */
export function headOf({ adapter, host, date }: BenchReport): string {
  const { vendor, architecture, description, isSoftware } = adapter;
  const name = [vendor, architecture, description].filter(Boolean).join(", ") || "unnamed";
  return `Adapter: ${name}${isSoftware ? " (software)" : ""}. ${host}. ${date.slice(0, 10)}.`;
}

/** A row for each size of M, one for everything else. */
function rowsOf(name: string, result: WorkloadResult): Row[] {
  if (!("sizes" in result)) return [{ name, result }];
  const { sizes } = result as ProductsResult;
  return Object.values(sizes).map((size) => ({ name, result: size }));
}

function summaryOf(name: string, { about, ours, peers, ratio }: WorkloadResult): string[] {
  const best = Object.entries(peers)
    .filter((pair): pair is [string, Entry] => isEntry(pair[1]) && pair[0].includes("webgpu"))
    .sort(([, a], [, b]) => a.ms.median - b.ms.median)[0];
  const { dispatches, submits, buffersCreated, maps, gflops } = ours;
  return [
    name,
    about,
    time(ours),
    best ? `${time(best[1])} (${best[0]})` : "–",
    ratio === null ? "–" : `${ratio.toPrecision(3)}×`,
    gflops === undefined ? "–" : gflops.toPrecision(3),
    ...[dispatches, submits, buffersCreated, maps].map(count),
  ];
}

function peersOf(name: string, result: WorkloadResult): string[][] {
  const { peers } = result;
  const all: [string, Entry | Failure][] = Object.entries(peers);
  if (result.split) all.unshift(["ours, a dispatch a Runge–Kutta step", result.split]);
  if ("reference" in result) all.unshift(["bare kernel", result.reference as Entry]);
  return all.map(([peer, entry]) => {
    if (!isEntry(entry)) return [name, peer, `not measured: ${entry.error}`, "–", "–", "–", "–"];
    const { dispatches, submits, buffersCreated, disagreement } = entry;
    const gap = disagreement === undefined ? "–" : disagreement.toExponential(1);
    return [name, peer, time(entry), ...[dispatches, submits, buffersCreated].map(count), gap];
  });
}

/** "12.3 [11.9–14.0]", with how it was scaled. */
function time({ ms, scaledBy }: Entry): string {
  return `${spreadText(ms)}${scaledBy ? `, ${scaledBy} × a part` : ""}`;
}

export function spreadText({ median, min, max }: Spread): string {
  return `${short(median)} [${short(min)}–${short(max)}]`;
}

/** Three digits, never as a power of ten. */
export function short(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en") : Number(value.toPrecision(3)).toString();
}

const count = (value: number): string => short(value);

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}
