/** `train`: learn a flow from a toy set or a CSV file and write weights, picture, samples and metrics. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../../package.json";
import { cnf, type Flow } from "../../cnf/flow.js";
import { readModel } from "../../cnf/model-file.js";
import { FjordError, integerIn } from "../../gpu/errors.js";
import { readSafetensors } from "../../io/safetensors.js";
import { type TrainOptions, type TrainReport, type TrainRun, train } from "../../train/index.js";
import { UsageError } from "./arguments.js";
import type { Command } from "./command.js";
import { type DataSource, openData } from "./data-source.js";
import { DEFAULT_GRID } from "./density.js";
import { makeFolder, readBytes, writeWhole } from "./files.js";
import { adapterName, openCommandDevice } from "./open.js";
import { progress, say } from "./progress.js";
import { checkResume, DEFAULT_SAMPLES, flowOptions, TRAIN_OPTIONS, trainOptions } from "./train-options.js";
import {
  type CurvePoint,
  evaluateHeldOut,
  type HeldOut,
  writeDensity,
  writeMetrics,
  writeSamples,
} from "./train-results.js";

/** Shells' exit code of a program that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130;

export const trainCommand: Command = {
  name: "train",
  words: "",
  about: "learn a flow; writes weights, checkpoint, density.png, samples.csv and metrics.json",
  options: TRAIN_OPTIONS,
  async run(args) {
    args.words();
    checkResume(args);
    const name = args.text("data");
    if (name === undefined) throw new UsageError("Option --data is missing.");
    const options = trainOptions(args);
    const outputs: Outputs = {
      folder: args.text("out") ?? "out",
      grid: integerIn("--grid", args.number("grid") ?? DEFAULT_GRID, 1, 4096),
      samples: integerIn("--samples", args.number("samples") ?? DEFAULT_SAMPLES, 0),
    };
    const resumed = args.text("resume");
    const resume = resumed === undefined ? undefined : readBytes(resumed);
    const saved = resume && readModel(resume);
    const source = openData({
      name,
      columns: args.text("columns"),
      heldOut: args.number("held-out"),
      seed: args.number("seed") ?? saved?.seed ?? 0,
    });
    const described = saved ?? flowOptions(args, source.dataset.dim);
    // Before the work, not after it.
    makeFolder(outputs.folder);
    const { device } = await openCommandDevice();
    const flow = cnf(device, described);
    announce(flow, source);
    const { signal, release } = interruption();
    try {
      const outcome = await runTraining(flow, source, { ...options, ...(resume && { resume }), signal });
      return await writeResults(flow, source, outcome, outputs, signal);
    } finally {
      release();
    }
  },
};

interface Outputs {
  readonly folder: string;
  readonly grid: number;
  readonly samples: number;
}

function announce(flow: Flow, { dataset }: DataSource): void {
  const sizes = `D = ${dataset.dim}, ${dataset.rows} rows, ${flow.field.paramCount} parameters`;
  say(`${dataset.name}: ${sizes}; on ${adapterName(flow.device.adapter)}`);
}

/** Ctrl-C once: stop after the step and write what there is; twice: stop at once. */
function interruption(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  process.on("SIGINT", onInterrupt);
  return { signal: controller.signal, release: () => process.off("SIGINT", onInterrupt) };
}

interface Outcome {
  readonly run: TrainRun;
  readonly curve: readonly CurvePoint[];
  readonly last: TrainReport | undefined;
  /** Why training ended early, other than by Ctrl-C. The flow then has its last finite weights. */
  readonly failure: FjordError | undefined;
}

async function runTraining(flow: Flow, { dataset }: DataSource, options: TrainOptions): Promise<Outcome> {
  const curve: CurvePoint[] = [];
  let last: TrainReport | undefined;
  let failure: FjordError | undefined;
  const run = train(flow, dataset, options);
  for (const warning of run.warnings) say(warning);
  const shown = progress(options.steps);
  options.signal?.addEventListener("abort", () => shown.note("stopping; Ctrl-C again ends at once"));
  let evaluated = "";
  try {
    for await (const report of run) {
      const { step, loss, heldOut } = report;
      last = report;
      // The warm start has steps of its own, and its loss is no likelihood.
      if (report.phase === "warm-start") {
        shown.update(0, `warm start, step ${step}  matching ${loss.toFixed(4)}  ${speed(report)}`, false);
        continue;
      }
      curve.push({ step, loss, ...(heldOut !== undefined && { heldOut }) });
      if (heldOut !== undefined) evaluated = `  held-out ${heldOut.toFixed(4)}`;
      shown.update(step, `loss ${loss.toFixed(4)}${evaluated}  ${speed(report)}`, heldOut !== undefined);
    }
  } catch (error) {
    if (!(error instanceof FjordError) || !["non-finite", "solve-failed"].includes(error.code)) throw error;
    failure = error;
  } finally {
    shown.stop();
  }
  return { run, curve, last, failure };
}

function speed({ nfe, nfeBackward, stepsPerSecond }: TrainReport): string {
  return `${stepsPerSecond.toPrecision(3)} steps/s  nfe ${nfe}+${nfeBackward}`;
}

async function writeResults(
  flow: Flow,
  source: DataSource,
  outcome: Outcome,
  { folder, grid, samples }: Outputs,
  signal: AbortSignal,
): Promise<number> {
  const { run, curve, last, failure } = outcome;
  const { dataset, columns, window } = source;
  // Those of an earlier run would pass for this one's when it ends before it writes its own.
  for (const name of ["density.png", "samples.csv"]) rmSync(join(folder, name), { force: true });
  writeWhole(join(folder, "weights.safetensors"), await flow.save());
  const checkpoint = await run.checkpoint();
  writeWhole(join(folder, "checkpoint.safetensors"), checkpoint);
  // The run's own account: every default filled in, and the steps that the saved weights have seen.
  const training = readSafetensors(checkpoint).metadata.get("training") ?? "{}";
  const { phase, plan, step } = JSON.parse(training) as { phase?: string; plan?: object; step?: number };
  const { dim, hidden, layer, activation } = flow.field.spec;
  const metrics = {
    version,
    status: failure ? "failed" : signal.aborted ? "interrupted" : "done",
    data: { name: dataset.name, dim, rows: dataset.rows, heldOutRows: dataset.heldOut.length / dim, columns },
    seed: flow.seed,
    config: { field: { hidden, layer, activation }, solver: flow.solver, training: plan },
    adapter: flow.device.adapter,
    phase,
    steps: step,
    seconds: last?.seconds ?? 0,
    stepsPerSecond: last?.stepsPerSecond ?? 0,
    nfe: { forward: last?.nfe ?? 0, backward: last?.nfeBackward ?? 0 },
    T: await flow.T(),
    curve,
  };
  writeMetrics(folder, metrics);
  if (failure) throw failure;
  if (signal.aborted) return interrupted(folder);
  let heldOut: HeldOut | undefined;
  let massInWindow: number | undefined;
  try {
    heldOut = await evaluateHeldOut(flow, dataset, signal);
    if (window) massInWindow = await writeDensity(folder, flow, grid, window, signal);
    else say(`density.png is left out: it shows two dimensions, and the data have ${dim}`);
    await writeSamples(folder, flow, samples, columns, signal);
  } catch (error) {
    if (error instanceof FjordError && error.code === "aborted") return interrupted(folder);
    throw error;
  }
  writeMetrics(folder, { ...metrics, heldOut, massInWindow });
  if (heldOut) say(summary(heldOut));
  say(`written to ${folder}`);
  return 0;
}

function interrupted(folder: string): number {
  say(`interrupted: weights, checkpoint and metrics are in ${folder}`);
  return INTERRUPTED;
}

function summary({ nll, standardError, floor, kl }: HeldOut): string {
  const known = kl === undefined ? "" : `, floor ${floor?.toFixed(4)}, KL ${kl.toFixed(4)}`;
  return `held-out NLL ${nll.toFixed(4)} ± ${standardError.toFixed(4)} nats${known}`;
}
