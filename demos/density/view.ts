/** The picture: layers over each other at any time of the flow, with the legend and the words for it. */

import type { Moment } from "../shared/course.js";
import { DisplayClient } from "../shared/display-client.js";
import { byId, setText } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import { type HeatScale, legend } from "../shared/heat.js";
import { type Moments, moments } from "../shared/moments.js";
import { Plane } from "../shared/plane.js";
import { paintData } from "../shared/points.js";
import { type Density, distanceFromNoise, Stage } from "../shared/stage.js";
import { Transport } from "../shared/transport.js";
import { type Config, PRESETS } from "./config.js";
import { Crowd } from "./crowd.js";
import { Inspector } from "./inspector.js";
import * as layers from "./layers.js";
import type { Command, Event, Frame, Shown } from "./protocol.js";
import { DATA_POINTS, PICTURE_LAYERS, type Seen } from "./protocol-view.js";
import { pointOn } from "./rings.js";
import { setOf } from "./sets.js";

/** Those of the worker's picture, and those that the page paints over it. */
const LAYERS = [...PICTURE_LAYERS, "streamlines", "path"] as const;

export class View {
  readonly #plane: Plane;
  readonly #canvas = byId("plate", HTMLCanvasElement);
  readonly #legend = byId("legend", HTMLElement);
  readonly #scale = byId("scale", HTMLSelectElement);
  readonly #words = byId("picture-text", HTMLElement);
  readonly #ticks = Object.fromEntries(
    LAYERS.map((name) => [name, byId(`layer-${name}`, HTMLInputElement)]),
  ) as Record<(typeof LAYERS)[number], HTMLInputElement>;
  readonly #stage = new Stage();
  readonly #transport: Transport;
  readonly #inspector: Inspector;
  readonly #crowd = new Crowd(() => {
    // Who chooses how many wants to see them.
    this.#ticks.samples.checked = true;
    this.#sendLayers();
    this.#plane.invalidate();
  });
  /** Whether the layers that move have been switched on by travelling. */
  #travelled = false;
  #set = setOf(PRESETS.standard);
  /** Whether the flow came trained. */
  #isTrained = false;
  #data = new Float32Array();
  #frame: Frame | undefined;
  #density: Density | undefined;
  /** The largest log p of the picture, nats. */
  #peak: number | undefined;
  readonly #display: DisplayClient<Seen>;
  /** Counts what has come in that the picture shows. */
  #version = 0;
  /** While the picture is drawn for a file. */
  #still: HTMLCanvasElement | undefined;

  /**
   * @param send to the worker: what layers it must know of, and questions about points
   * @param heldOut the held-out NLL when it was last known, nats
   */
  constructor(
    readonly send: (command: Command) => void,
    readonly heldOut: () => number | undefined,
  ) {
    this.#plane = new Plane(this.#canvas, this.#set.window, (plane) => this.#paint(plane));
    this.#display = new DisplayClient(this.#plane, send, () => this.#plane.invalidate());
    this.#transport = new Transport(() => this.#travel());
    this.#inspector = new Inspector(
      this.#plane,
      () => this.#transport,
      send,
      () => this.#changed(),
    );
    for (const tick of Object.values(this.#ticks)) {
      tick.addEventListener("change", () => {
        this.#plane.invalidate();
        this.#sendLayers();
      });
    }
    document.addEventListener("visibilitychange", () => this.#sendLayers());
    this.#scale.addEventListener("change", () => this.#color());
    this.#color();
  }

  get layers(): Shown {
    const { density, samples } = this.#ticks;
    const { count } = this.#crowd;
    return { density: density.checked, samples: samples.checked, count, visible: !document.hidden };
  }

  /** Without WebGPU the picture has fewer samples. */
  set isLimited(isLimited: boolean) {
    this.#crowd.isLimited = isLimited;
  }

  #sendLayers(): void {
    this.send({ type: "layers", layers: this.layers });
  }

  /** A new run: its data at once, and nothing of the run before. */
  reset(config: Config, isTrained = false): void {
    this.#isTrained = isTrained;
    this.#set = setOf(config);
    // The first rows of the worker's longer draw.
    this.#data = this.#set.sample(Math.min(DATA_POINTS, config.rows), config.seed);
    this.#frame = undefined;
    this.#display.forget();
    this.#plane.window = this.#set.window;
    this.leave();
    this.#describe();
  }

  /** The density as it was last drawn. */
  get frame(): Frame | undefined {
    return this.#frame;
  }

  /** A canvas for the worker; see DisplayClient. */
  handOver(): OffscreenCanvas | undefined {
    return this.#display.handOver();
  }

  /** The worker is gone, and what it was asked with it. */
  abandon(): void {
    this.#display.abandon();
  }

  /** The picture with its axes, at this many pixels a CSS pixel. */
  async snapshot(ratio: number): Promise<HTMLCanvasElement> {
    // Without a device there is what the page shows, if not only the data.
    const isDrawn = this.#frame !== undefined && document.body.dataset.state !== "stopped";
    this.#still = isDrawn ? await this.#display.still(this.#wanted, ratio) : this.#display.last;
    try {
      return this.#plane.snapshot(ratio);
    } finally {
      this.#still = undefined;
    }
  }

  get #wanted() {
    const layers = Object.fromEntries(PICTURE_LAYERS.map((name) => [name, this.#ticks[name].checked]));
    const { progress, direction } = this.#transport;
    return {
      progress,
      turned: direction === -1,
      scale: this.#scale.value as HeatScale,
      layers: layers as Seen["layers"],
    };
  }

  /** The flow is about to change: nothing about its course holds any longer. */
  leave(): void {
    this.#stage.clear();
    this.#inspector.clear();
    this.#transport.disable();
    delete document.body.dataset.course;
    setText(byId("time-progress", HTMLElement), "Comes with the next pause.");
    // While it trains the picture changes every second; that is not news for who listens.
    this.#words.setAttribute("aria-live", "off");
    this.#color();
  }

  /** @returns whether the event was for the picture */
  take(event: Event): boolean {
    switch (event.type) {
      case "frame":
        this.#frame = event;
        break;
      case "samples":
        this.#crowd.show(event.count);
        break;
      case "course":
        this.#stage.begin(event);
        this.#transport.enable(this.#stage.T);
        this.#words.setAttribute("aria-live", "polite");
        break;
      case "moment":
        this.#stage.add(event);
        if (!this.#isSeen(event)) {
          this.#showReady();
          return true;
        }
        break;
      case "picture":
        this.#display.take(event);
        return true;
      case "inspected":
        this.#inspector.takePoint(event);
        return true;
      case "ringed":
        this.#inspector.takeRing(event);
        return true;
      default:
        return false;
    }
    this.#version += 1;
    this.#showReady();
    this.#color();
    this.#describe();
    return true;
  }

  /** Whether the picture changes with it: at the data only arrows do, whose scale is that of the fastest of all. */
  #isSeen({ index }: Moment): boolean {
    const last = (this.#stage.course?.times.length ?? 1) - 1;
    return index === last || this.#transport.progress < 1 || this.#ticks.field.checked;
  }

  /** One key press through time. */
  nudge(steps: number): void {
    this.#transport.nudge(steps);
  }

  #showReady(): void {
    const { known, wanted } = this.#stage;
    if (wanted > 0) document.body.dataset.course = known === wanted ? "ready" : "coming";
    const text = wanted === 0 || known === wanted ? "" : `${known} of ${wanted} moments computed`;
    setText(byId("time-progress", HTMLElement), text);
  }

  #travel(): void {
    if (!this.#travelled && this.#stage.course) {
      this.#travelled = true;
      for (const name of ["samples", "field", "mesh"] as const) this.#ticks[name].checked = true;
      this.#sendLayers();
    }
    this.#color();
    this.#inspector.follow();
    if (!this.#transport.playing) this.#describe();
  }

  #changed(): void {
    this.#inspector.showRing(this.#transport.progress);
    this.#plane.invalidate();
  }

  /** Colours the density of this moment and its legend anew. */
  #color(): void {
    const scale = this.#scale.value as HeatScale;
    const { progress } = this.#transport;
    // At the end the picture is the one that has been refined.
    this.#density =
      progress === 1 ? (this.#frame ?? this.#stage.densityAt(1)) : this.#stage.densityAt(progress);
    this.#peak = this.#density?.logDensity.reduce((top, value) => Math.max(top, value), -Infinity);
    legend(this.#legend, this.#peak, scale);
    this.#showMoment();
    this.#changed();
  }

  #paint(plane: Plane): void {
    const { data, streamlines, path } = this.#ticks;
    const { progress } = this.#transport;
    if (!this.#still) this.#display.ask(this.#wanted, this.#version);
    if (!this.#display.paint(this.#still) && data.checked) paintData(plane, this.#data, 0.9);
    const field = streamlines.checked && this.#stage.fieldAt(progress);
    if (field) layers.paintStreamlines(plane, field);
    this.#inspector.paintDropped(plane, progress);
    const way = path.checked && this.#inspector.path;
    if (way) layers.paintPath(plane, way, pointOn(way, progress));
  }

  /** What the particles and the density of this moment have of the noise they come from. */
  #showMoment(): void {
    const { course } = this.#stage;
    const { progress } = this.#transport;
    const particles = this.#stage.samplesAt(progress);
    const show = (name: string, text: string) => setText(byId(`moment-${name}`, HTMLElement), text);
    const found: Moments | undefined =
      course && particles && moments(particles.map((x, i) => (x - course.mean[i % 2]!) / course.std[i % 2]!));
    const pair = (values: readonly [number, number] | undefined) =>
      values ? `${decimal(values[0], 2)}, ${decimal(values[1], 2)}` : "–";
    show("mean", pair(found?.mean));
    show("std", pair(found?.std));
    const far = course && this.#density && distanceFromNoise(this.#density, this.#plane.window, course);
    show("distance", decimal(far, 3));
  }

  #describe(): void {
    const shown = this.#density;
    let text = `Points of the data set ${this.#set.title}. ${this.#set.about}`;
    if (shown && this.#peak !== undefined) {
      const [low, high] = this.#set.window;
      const top = shown.logDensity.indexOf(this.#peak);
      const cell = (high - low) / shown.size;
      const x = low + ((top % shown.size) + 0.5) * cell;
      const y = high - (Math.floor(top / shown.size) + 0.5) * cell;
      const { progress, t } = this.#transport;
      const step = this.#frame?.step ?? this.#stage.course?.step ?? 0;
      const when = progress === 1 ? "" : ` at t = ${decimal(t, 2)}${progress === 0 ? ", noise" : ""}`;
      const heldOut = this.heldOut();
      const nll = heldOut === undefined ? "" : `held-out NLL ${decimal(heldOut, 2)} nats, `;
      const mass =
        progress === 1 && this.#frame
          ? `; ${decimal(100 * this.#frame.mass, 1)} % of the probability lies in the window.`
          : ".";
      text =
        `${step === 0 ? `Density of the ${this.#isTrained ? "trained" : "untrained"} flow` : `Density after ${integer(step)} training steps`}${when}` +
        ` on ${this.#set.title}: ${nll}highest log p ${decimal(this.#peak, 2)} nats near (${decimal(x, 1)}, ` +
        `${decimal(y, 1)})${mass}`;
    }
    this.#canvas.setAttribute("aria-label", text);
    setText(this.#words, text);
  }
}
