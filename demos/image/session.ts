/**
 * One run of training, in the worker: it draws while it trains, and computes the course of the flow while it is
 * paused. Everything on the GPU happens one after the other, in `run`; the other methods only leave notes for it.
 */
import { cnf, type Device, type data, FjordError, type Flow, mlp, type TrainReport } from "fjordgpu";
import { cellCentres } from "../shared/grid.js";
import { Guard } from "../shared/guard.js";
import { Journey } from "../shared/journey.js";
import { Rest, unlessPutOff } from "../shared/rest.js";
import type { Config } from "./config.js";
import { drawPoints, entropyOf, type PixelDensity, spreadOf, WINDOW } from "./density.js";
import { type Event, SAMPLES } from "./protocol.js";

/** Cells along a side while training and as refinements when paused; points of either kind that are judged. */
const DETAIL = {
  software: { grids: [40, 128], judged: [250, 1000], course: { times: 33, stride: 4, size: 48 } },
  hardware: { grids: [96, 192, 320], judged: [2000, 10_000], course: { times: 65, stride: 1, size: 96 } },
} as const;
/** Points in one call, between which an interruption is noticed. */
const BAND = 4096;

interface Judge {
  readonly points: Float32Array;
  /** log p of the picture at each of them, nats. */
  readonly logDensity: Float64Array;
  /** Mean of −log p: over all points that are trained on, or the entropy. */
  readonly ownNll: number;
}

/** What trains is a third of all code: it is fetched when the first picture stands. */
const fetchTraining = () => import("./training.js");

export class Session {
  readonly #rest = new Rest(() => this.post({ type: "paused" }));
  #step = 0;
  /** What the page has been sent, so that nothing is computed twice. */
  #sent = { frameStep: -1, size: 0, samplesStep: -1, judgedStep: -1, judged: 0 };
  #nextDraw = 0;
  #visible = true;
  #flow: Flow | undefined;
  readonly #set: data.Dataset;
  /** Points that are looked at, with log p of the picture there and the NLL that it has itself. */
  readonly #judges: Record<"train" | "heldOut", Judge>;
  readonly #journey: Journey;

  constructor(
    readonly device: Device,
    readonly config: Config,
    readonly density: PixelDensity,
    readonly post: (event: Event, transfer?: Transferable[]) => void,
  ) {
    const { points, seed } = config;
    const most = this.#detail.judged.at(-1)!;
    const { points: all, logDensity } = drawPoints(density, points + most, seed);
    const kinds = { points: all.slice(0, 2 * points), heldOut: all.slice(2 * points) };
    this.#set = { name: "picture", dim: 2, rows: points, ...kinds };
    const seen = logDensity.slice(0, points);
    const ownNll = -seen.reduce((sum, value) => sum + value, 0) / points;
    this.#judges = {
      train: { points: kinds.points, logDensity: seen, ownNll },
      heldOut: { points: kinds.heldOut, logDensity: logDensity.slice(points), ownNll: entropyOf(density) },
    };
    const noise = { seed: seed + 1, samples: SAMPLES };
    this.#journey = new Journey({ window: WINDOW, ...noise, ...this.#detail.course }, post);
  }

  get #detail() {
    return DETAIL[this.device.adapter.isSoftware ? "software" : "hardware"];
  }

  set visible(visible: boolean) {
    this.#visible = visible;
    this.#rest.changed();
  }

  start(): void {
    // A pause may come before a step: the page has dropped the course.
    this.#journey.forget();
    this.#rest.start();
  }

  pause(): void {
    this.#rest.pause();
  }

  /** Makes `run` end soon; its GPU memory is then freed. */
  stop(): void {
    this.#rest.end();
  }

  /** Ends after stop(). @throws what the library throws, DeviceLostError among it */
  async run(): Promise<void> {
    const { config, device } = this;
    const { mean, std } = spreadOf(this.density);
    const field = mlp({ dim: 2, hidden: config.hidden.split("-").map(Number), layer: "concatsquash" });
    // Known exactly here, so that the untrained flow already lies where the picture is.
    const standardisation = { mean: Float32Array.from(mean), std: Float32Array.from(std) };
    const flow = cnf(device, { field, seed: config.seed, standardisation, ...config.solver });
    this.#flow = flow;
    try {
      this.post({ type: "ready", parameters: field.paramCount });
      await this.#draw(flow);
      // Whatever goes wrong with it is said when it is needed.
      fetchTraining().catch(() => undefined);
      await this.#idle(flow);
      if (this.#rest.isOver) return;
      const trouble = await this.#train(flow);
      if (this.#rest.isOver) return;
      if (trouble) {
        this.post({ type: "trouble", reason: trouble });
        return;
      }
      this.#rest.stand();
      this.post({ type: "finished" });
      await this.#idle(flow);
    } finally {
      this.#flow = undefined;
      flow.dispose();
    }
  }

  /** Posts that many samples; nothing while there is no flow. @throws what the library throws */
  async give(count: number): Promise<void> {
    const { signal } = this.#rest;
    const points = await this.#flow?.sample(count, { seed: this.config.seed + 2, signal });
    if (points) this.post({ type: "drawn", points }, [points.buffer]);
  }

  /** @returns why training cannot go on, if it cannot */
  async #train(flow: Flow): Promise<string | undefined> {
    const { trainingOf } = await fetchTraining();
    const { config } = this;
    const { isSoftware } = this.device.adapter;
    const guard = new Guard();
    try {
      for await (const report of trainingOf(flow, this.#set, config, isSoftware, this.#rest.signal)) {
        this.#step = report.step + (report.phase === "likelihood" ? config.warm : 0);
        this.#tell(report);
        const trouble = guard.judge(report);
        if (trouble) return trouble;
        if (this.#rest.isPaused) {
          // The next training step is only made when the loop asks for it, so waiting here is the pause.
          await this.#idle(flow);
        } else if (performance.now() >= this.#nextDraw && this.#step < config.warm + config.steps) {
          await this.#draw(flow);
        }
        if (this.#rest.isOver) return undefined;
      }
    } catch (error) {
      const known = error instanceof FjordError && ["non-finite", "solve-failed"].includes(error.code);
      if (!known) throw error;
      return error.message;
    }
    return undefined;
  }

  #tell({ phase, nfe, nfeBackward, stepsPerSecond }: TrainReport): void {
    this.post({ type: "progress", phase, step: this.#step, nfe: nfe + nfeBackward, stepsPerSecond });
  }

  /** At most once a second, and never for more than about a quarter of the time. */
  async #draw(flow: Flow): Promise<void> {
    const start = performance.now();
    const { grids, judged } = this.#detail;
    await unlessPutOff(() => this.#show(flow, grids[0], judged[0], this.#rest.signal));
    const now = performance.now();
    this.#nextDraw = now + Math.max(1000, 3 * (now - start));
  }

  /** Until start() or stop(): brings the pictures up to date, refines them, and waits for a change. */
  async #idle(flow: Flow): Promise<void> {
    await this.#rest.whilePaused((signal) => this.#idleWork(flow, signal));
  }

  async #idleWork(flow: Flow, signal: AbortSignal): Promise<void> {
    const { grids, judged } = this.#detail;
    await this.#show(flow, grids[0], judged[0], signal);
    if (!this.#visible) return;
    let more = true;
    while (more && !signal.aborted) more = await this.#journey.advance(flow, this.#step, signal);
    // After the course of the flow: on an emulated GPU the finest picture takes as long as all of it.
    for (const size of grids.slice(1)) await this.#sendFrame(flow, size, signal);
    await this.#judge(flow, judged[1], signal);
  }

  async #show(flow: Flow, size: number, judged: number, signal: AbortSignal): Promise<void> {
    if (this.#visible) {
      await this.#sendFrame(flow, size, signal);
      await this.#sendSamples(flow, signal);
    }
    await this.#judge(flow, judged, signal);
  }

  async #sendFrame(flow: Flow, size: number, signal: AbortSignal): Promise<void> {
    if ((this.#sent.frameStep === this.#step && this.#sent.size >= size) || signal.aborted) return;
    const cells = cellCentres(size, WINDOW);
    const logDensity = new Float32Array(size * size);
    for (let at = 0; at < logDensity.length; at += BAND) {
      logDensity.set(await flow.logProb(cells.subarray(2 * at, 2 * (at + BAND)), { signal }), at);
    }
    const cell = ((WINDOW[1] - WINDOW[0]) / size) ** 2;
    let mass = 0;
    for (const value of logDensity) mass += Math.exp(value) * cell;
    this.#sent = { ...this.#sent, frameStep: this.#step, size };
    this.post({ type: "frame", step: this.#step, size, logDensity, mass }, [logDensity.buffer]);
  }

  async #sendSamples(flow: Flow, signal: AbortSignal): Promise<void> {
    if (this.#sent.samplesStep === this.#step || signal.aborted) return;
    // The same noise every time, so that the samples move as the flow learns, instead of flickering.
    const points = await flow.sample(SAMPLES, { seed: this.config.seed + 1, signal });
    this.#sent = { ...this.#sent, samplesStep: this.#step };
    this.post({ type: "samples", points }, [points.buffer]);
  }

  /**
   * The NLL of the flow q is that of the picture p itself and the mean of log p − log q, here over the first points,
   * which are a sample of all. A plain mean of −log q over so few would be uncertain by a tenth of a nat.
   */
  async #judge(flow: Flow, count: number, signal: AbortSignal): Promise<void> {
    if ((this.#sent.judgedStep === this.#step && this.#sent.judged >= count) || signal.aborted) return;
    const nll = async ({ points, logDensity, ownNll }: Judge) => {
      const logProb = await flow.logProb(points.subarray(0, 2 * count), { signal });
      return ownNll + logProb.reduce((sum, log, i) => sum + logDensity[i]! - log, 0) / logProb.length;
    };
    const { train: seen, heldOut: unseen } = this.#judges;
    const [train, heldOut] = [await nll(seen), await nll(unseen)];
    this.#sent = { ...this.#sent, judgedStep: this.#step, judged: count };
    this.post({ type: "judged", step: this.#step, train, heldOut });
  }
}
