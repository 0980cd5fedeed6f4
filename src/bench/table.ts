/** The report as Markdown: what people paste and send. */
import {
  type BenchReport,
  type Entry,
  type Failure,
  isEntry,
  type ProductsResult,
  type QualityEntry,
  type WorkloadResult,
} from "./report.js";
import type { Spread } from "./timing.js";

/** Ours against the best peer, what ours takes beside time, the way to quality, then every engine on every workload. */
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
  const beside = markdown(
    ["ours, a call", "GPU memory, MiB", "JavaScript, ms", "bytes written"],
    rows.map(({ name, result: { ours } }) => [name, memory(ours), host(ours), count(ours.bytesWritten)]),
  );
  const peers = rows.flatMap(({ name, result }) => peersOf(name, result));
  const all = markdown(["", "engine", "ms", "dispatches", "submits", "buffers", "MiB", "off by"], peers);
  const notes = [notesOf(report), evaluationsOf(report), qualityOf(report)].filter((note) => note !== "");
  const parts = [head, summary, beside, ...notes, ...(peers.length > 0 ? [all] : [])];
  return parts.join("\n\n");
}

/** T: by which setting each engine got there. */
function qualityOf({ workloads: { T } }: BenchReport): string {
  if (!T) return "";
  const rows = Object.entries({ ours: T.ours, ...T.peers })
    .filter((pair): pair is [string, QualityEntry] => "setting" in pair[1])
    .map(([name, { setting, steps, kl, ms, repeats }]) => [
      name,
      setting,
      count(steps),
      kl.toFixed(3),
      time({ ms, repeats }),
    ]);
  return markdown(["T", "setting", "steps", "held-out KL, nats", "ms"], rows);
}

/** W1a: time of an evaluation of the best peer of W1, which takes other steps, over ours, forward and back. */
export function evaluationRatio({ workloads: { W1, W1a } }: BenchReport): number | undefined {
  if (!W1?.ours.nfe || !W1a?.ours.nfe || !W1.ratio) return undefined;
  return (W1.ratio * W1.ours.ms.median * W1a.ours.nfe) / (W1.ours.nfe * W1a.ours.ms.median);
}

/** 10⁹ operations a second of the fastest product of the run, whoever made it on the GPU. */
export function bestProductRate({ sizes }: ProductsResult): number {
  const entries = Object.values(sizes).flatMap(({ ours, reference, peers }) => [
    ours,
    reference,
    ...onWebGPU(peers).map(([, entry]) => entry),
  ]);
  return Math.max(...entries.map(({ gflops }) => gflops ?? 0));
}

const onWebGPU = (peers: WorkloadResult["peers"]): [string, Entry][] =>
  Object.entries(peers).filter(
    (pair): pair is [string, Entry] => isEntry(pair[1]) && pair[0].includes("webgpu"),
  );

function evaluationsOf(report: BenchReport): string {
  const ratio = evaluationRatio(report);
  const { W1, W1a } = report.workloads;
  if (ratio === undefined || !W1a?.ours.nfe) return "";
  const ours = W1a.ours.ms.median / W1a.ours.nfe;
  return (
    `An evaluation of W1a, of ${W1a.ours.nfe}: ${short(ours)} ms; of W1's best peer, of ${W1?.ours.nfe}: ` +
    `${short(ratio * ours)} ms, ${ratio.toPrecision(3)}×.`
  );
}

/** How near the adapter's own rates the products and the solves come. */
function notesOf({ workloads }: BenchReport): string {
  const { M, W1, W2 } = workloads;
  if (!M) return "";
  const bare = M.reference.gflops!;
  const best = bestProductRate(M);
  const shares = Object.entries(M.sizes).map(([size, { ofBest }]) => `${ofBest.toFixed(2)} (${size})`);
  const solves = Object.entries({ W1, W2 }).flatMap(([name, result]) => {
    const rate = result?.ours.gflops;
    return rate ? [`${name} ${(rate / best).toFixed(2)} (${(rate / bare).toFixed(2)})`] : [];
  });
  return [
    `Multiply-adds in registers: ${short(M.multiplyAdds.gflops!)} GFLOP/s; the bare product kernel: ${short(bare)}; ` +
      `the fastest product of the run: ${short(best)}.`,
    `Our products at ${shares.join(", ")} of the bare kernel's rate.`,
    ...(solves.length > 0
      ? [
          `Share of the fastest product's rate (of the bare kernel's at the middle size): ${solves.join(", ")}.`,
        ]
      : []),
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
function rowsOf(name: string, whole: WorkloadResult): Row[] {
  if (!("sizes" in whole)) return [{ name, result: whole }];
  const { sizes } = whole as ProductsResult;
  return Object.entries(sizes).map(([size, result]) => ({ name: `${name} ${size}`, result }));
}

function summaryOf(name: string, { about, ours, peers, ratio }: WorkloadResult): string[] {
  const best = onWebGPU(peers).sort(([, a], [, b]) => a.ms.median - b.ms.median)[0];
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
  if (result.split) all.unshift(["ours, in the smallest submissions", result.split]);
  if ("reference" in result) all.unshift(["bare kernel", result.reference as Entry]);
  return all.map(([peer, entry]) => {
    if (!isEntry(entry)) return [name, peer, `not measured: ${entry.error}`, "–", "–", "–", "–", "–"];
    const { dispatches, submits, buffersCreated, disagreement } = entry;
    const gap = disagreement === undefined ? "–" : disagreement.toExponential(1);
    return [name, peer, time(entry), ...[dispatches, submits, buffersCreated].map(count), memory(entry), gap];
  });
}

/** "12.3 [11.9–14.0]", or "12.3, once", with how it was scaled. */
function time({ ms, repeats, scaledBy }: Pick<Entry, "ms" | "repeats" | "scaledBy">): string {
  const text = repeats === 1 ? `${short(ms.median)}, once` : spreadText(ms);
  return `${text}${scaledBy ? `, ${scaledBy} × a part` : ""}`;
}

function memory({ peakBytes, peakOfPart }: Entry): string {
  return `${short(peakBytes / 2 ** 20)}${peakOfPart ? ", a part" : ""}`;
}

/** A call of several submissions waits between them, which would count as JavaScript. */
function host({ hostMs, submits }: Entry): string {
  return hostMs === undefined || submits > 1 ? "–" : short(hostMs);
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
