/** The picture: layers over each other at any time of the flow, with the legend and the words for it. */

import { byId, setText } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import { type Heat, type HeatScale, heat, legend } from "../shared/heat.js";
import { type Moments, moments } from "../shared/moments.js";
import { Plane } from "../shared/plane.js";
import { type Density, distanceFromNoise, Stage } from "../shared/stage.js";
import { Transport } from "../shared/transport.js";
import { type Config, PRESETS } from "./config.js";
import { Inspector } from "./inspector.js";
import * as layers from "./layers.js";
import type { Command, Event, Frame, Layers } from "./protocol.js";
import { pointOn } from "./rings.js";
import { setOf } from "./sets.js";

const DATA_POINTS = 2_000;
/** Of them, where they stand aside. */
const FAINT_POINTS = 700;
const LAYERS = ["density", "contours", "data", "samples", "field", "streamlines", "mesh", "path"] as const;

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
  /** Whether the layers that move have been switched on by travelling. */
  #travelled = false;
  #set = setOf(PRESETS.standard);
  /** Whether the flow came trained. */
  #isTrained = false;
  #data = new Float32Array();
  #samples: Float32Array = new Float32Array();
  #frame: Frame | undefined;
  #density: Density | undefined;
  #heat: Heat | undefined;

  /** @param send to the worker: what layers it must know of, and questions about points */
  constructor(readonly send: (command: Command) => void) {
    this.#plane = new Plane(this.#canvas, this.#set.window, (plane) => this.#paint(plane));
    this.#transport = new Transport(() => this.#travel());
    this.#inspector = new Inspector(
      this.#plane,
      () => this.#transport.t,
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

  get layers(): Layers {
    const { density, samples } = this.#ticks;
    return { density: density.checked, samples: samples.checked, visible: !document.hidden };
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
    this.#samples = new Float32Array();
    this.#frame = undefined;
    this.#plane.window = this.#set.window;
    this.leave();
    this.#describe();
  }

  /** The density as it was last drawn. */
  get frame(): Frame | undefined {
    return this.#frame;
  }

  /** The picture with its axes, at this many pixels a CSS pixel. */
  snapshot(ratio: number): HTMLCanvasElement {
    return this.#plane.snapshot(ratio);
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
        this.#samples = event.points;
        break;
      case "course":
        this.#stage.begin(event);
        this.#samples = event.samples.at(-1)!;
        this.#transport.enable(this.#stage.T);
        this.#words.setAttribute("aria-live", "polite");
        break;
      case "moment":
        this.#stage.add(event);
        break;
      case "inspected":
        this.#inspector.takePoint(event);
        return true;
      case "ringed":
        this.#inspector.takeRing(event);
        return true;
      default:
        return false;
    }
    this.#showReady();
    this.#color();
    this.#describe();
    return true;
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
    this.#heat = this.#density && heat(this.#density.logDensity, this.#density.size, scale);
    legend(this.#legend, this.#heat?.peak, scale);
    this.#showMoment();
    this.#changed();
  }

  #paint(plane: Plane): void {
    const { density, contours, data: dataTick, samples, field, streamlines, mesh, path } = this.#ticks;
    const { progress, direction } = this.#transport;
    if (density.checked && this.#heat) plane.image(this.#heat.image);
    const nodes = mesh.checked && this.#stage.meshAt(progress);
    if (nodes) layers.paintMesh(plane, nodes);
    // Over the density the data must not hide what they are compared with; they belong to t = 0 alone.
    const alpha = (density.checked && this.#heat ? 0.5 : 0.9) * (progress === 1 ? 1 : 0.35);
    const points = progress === 1 ? this.#data : this.#data.subarray(0, 2 * FAINT_POINTS);
    if (dataTick.checked) layers.paintData(plane, points, alpha);
    const particles = progress === 1 ? this.#samples : this.#stage.samplesAt(progress);
    if (samples.checked && particles) layers.paintSamples(plane, particles);
    if (contours.checked && this.#density) layers.paintContours(plane, this.#density);
    const flow = (field.checked || streamlines.checked) && this.#stage.fieldAt(progress);
    if (flow && streamlines.checked) layers.paintStreamlines(plane, flow);
    // f leads from data to noise; the arrows lead where time is going to go.
    if (flow && field.checked)
      layers.paintArrows(plane, flow, this.#stage.topSpeed, direction === 1 ? -1 : 1);
    const ring = this.#inspector.ringAt(progress);
    if (ring) layers.paintRing(plane, ring);
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
    if (shown && this.#heat) {
      const [low, high] = this.#set.window;
      const top = shown.logDensity.indexOf(this.#heat.peak);
      const cell = (high - low) / shown.size;
      const x = low + ((top % shown.size) + 0.5) * cell;
      const y = high - (Math.floor(top / shown.size) + 0.5) * cell;
      const { progress, t } = this.#transport;
      const step = this.#frame?.step ?? this.#stage.course?.step ?? 0;
      const when = progress === 1 ? "" : ` at t = ${decimal(t, 2)}${progress === 0 ? ", noise" : ""}`;
      const mass =
        progress === 1 && this.#frame
          ? `; ${decimal(100 * this.#frame.mass, 1)} % of the probability lies in the window.`
          : ".";
      text =
        `${step === 0 ? `Density of the ${this.#isTrained ? "trained" : "untrained"} flow` : `Density after ${integer(step)} training steps`}${when}` +
        ` on ${this.#set.title}: highest log p ${decimal(this.#heat.peak, 2)} nats near (${decimal(x, 1)}, ` +
        `${decimal(y, 1)})${mass}`;
    }
    this.#canvas.setAttribute("aria-label", text);
    setText(this.#words, text);
  }
}
