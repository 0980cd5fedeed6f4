/** The two pictures: one time, one scale of colours and one legend for both. */
import type { Frame, Layers } from "../density/protocol.js";
import { setOf } from "../density/sets.js";
import { byId, setText } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import { type Heat, type HeatScale, heat, legend } from "../shared/heat.js";
import { Plane } from "../shared/plane.js";
import { paintData, paintSamples } from "../shared/points.js";
import { type Density, Stage } from "../shared/stage.js";
import { Transport } from "../shared/transport.js";
import { type Pair, SIDES, type SideName } from "./pair.js";
import type { Seen } from "./protocol.js";

const DATA_POINTS = 1_000;

/** What is known of one side. */
interface Picture {
  readonly name: SideName;
  readonly plane: Plane;
  readonly stage: Stage;
  frame: Frame | undefined;
  samples: Float32Array | undefined;
  density: Density | undefined;
  heat: Heat | undefined;
}

export class Pictures {
  readonly #pictures: readonly Picture[];
  readonly #transport: Transport;
  readonly #legend = byId("legend", HTMLElement);
  readonly #scale = byId("scale", HTMLSelectElement);
  readonly #showData = byId("layer-data", HTMLInputElement);
  readonly #showSamples = byId("layer-samples", HTMLInputElement);
  #set = setOf({ set: "moons", noise: 1 });
  #data = new Float32Array();

  /** @param onLayers called when what the worker has to draw has changed */
  constructor(readonly onLayers: () => void) {
    this.#pictures = SIDES.map((name) => ({
      name,
      plane: new Plane(byId(`plate-${name}`, HTMLCanvasElement), this.#set.window, () => this.#paint(name)),
      stage: new Stage(),
      frame: undefined,
      samples: undefined,
      density: undefined,
      heat: undefined,
    }));
    this.#transport = new Transport(() => this.#color());
    this.#scale.addEventListener("change", () => this.#color());
    this.#showData.addEventListener("change", () => this.#invalidate());
    this.#showSamples.addEventListener("change", () => {
      this.#invalidate();
      onLayers();
    });
    document.addEventListener("visibilitychange", onLayers);
    this.#color();
  }

  get layers(): Layers {
    return { density: true, samples: this.#showSamples.checked, visible: !document.hidden };
  }

  /** A new pair: its data at once, and nothing of the flows before. */
  reset({ a }: Pair): void {
    this.#set = setOf(a);
    this.#data = this.#set.sample(Math.min(DATA_POINTS, a.rows), a.seed);
    for (const picture of this.#pictures) {
      picture.plane.window = this.#set.window;
      picture.frame = undefined;
      picture.samples = undefined;
    }
    this.leave();
  }

  /** The flows are about to change: nothing about their course holds any longer. */
  leave(): void {
    for (const { stage } of this.#pictures) stage.clear();
    this.#transport.disable();
    delete document.body.dataset.course;
    setText(byId("time-progress", HTMLElement), "Comes with the next pause.");
  }

  take({ side, event }: Seen): void {
    const picture = this.#of(side);
    switch (event.type) {
      case "frame":
        picture.frame = event;
        break;
      case "samples":
        picture.samples = event.points;
        break;
      case "course":
        picture.stage.begin(event);
        picture.samples = event.samples.at(-1);
        // One slider moves both, so it waits for both.
        if (this.#pictures.every(({ stage }) => stage.course)) this.#transport.enable(picture.stage.T);
        break;
      case "moment":
        picture.stage.add(event);
    }
    this.#showReady();
    this.#color();
  }

  /** One key press through time. */
  nudge(steps: number): void {
    this.#transport.nudge(steps);
  }

  #of(side: SideName): Picture {
    return this.#pictures.find(({ name }) => name === side)!;
  }

  #showReady(): void {
    const sum = (of: (stage: Stage) => number) => this.#pictures.reduce((n, { stage }) => n + of(stage), 0);
    if (this.#pictures.some(({ stage }) => !stage.course)) return;
    const [known, wanted] = [sum((stage) => stage.known), sum((stage) => stage.wanted)];
    document.body.dataset.course = known === wanted ? "ready" : "coming";
    const text = known === wanted ? "" : `${known} of ${wanted} moments computed`;
    setText(byId("time-progress", HTMLElement), text);
  }

  /** Colours both densities anew, by one scale: the lightest colour is the highest density of the two. */
  #color(): void {
    const scale = this.#scale.value as HeatScale;
    const { progress } = this.#transport;
    for (const picture of this.#pictures) {
      const { frame, stage } = picture;
      // At the end the picture is the one that has been refined.
      picture.density = progress === 1 ? (frame ?? stage.densityAt(1)) : stage.densityAt(progress);
    }
    const peaks = this.#pictures.flatMap(({ density }) =>
      density ? [density.logDensity.reduce((top, value) => Math.max(top, value))] : [],
    );
    const top = peaks.length > 0 ? Math.max(...peaks) : undefined;
    for (const picture of this.#pictures) {
      const { density } = picture;
      picture.heat = density && heat(density.logDensity, density.size, scale, top);
    }
    legend(this.#legend, top, scale);
    this.#invalidate();
    this.#describe();
  }

  #invalidate(): void {
    for (const { plane } of this.#pictures) plane.invalidate();
  }

  #paint(name: SideName): void {
    const { plane, stage, heat: shown, samples } = this.#of(name);
    const { progress } = this.#transport;
    if (shown) plane.image(shown.image);
    // Data belong to t = 0 alone, and must not hide the density that they are compared with.
    const alpha = (shown ? 0.4 : 0.9) * (progress === 1 ? 1 : 0.35);
    if (this.#showData.checked) paintData(plane, this.#data, alpha);
    const particles = progress === 1 ? samples : stage.samplesAt(progress);
    if (this.#showSamples.checked && particles) paintSamples(plane, particles);
  }

  #describe(): void {
    const { progress, t } = this.#transport;
    for (const { name, plane, frame, stage, density, heat: shown } of this.#pictures) {
      let text = `Side ${name.toUpperCase()}: points of the data set ${this.#set.title}.`;
      if (density && shown) {
        const [low, high] = this.#set.window;
        const cell = (high - low) / density.size;
        const top = density.logDensity.indexOf(shown.peak);
        const x = low + ((top % density.size) + 0.5) * cell;
        const y = high - (Math.floor(top / density.size) + 0.5) * cell;
        const step = frame?.step ?? stage.course?.step ?? 0;
        const when = progress === 1 ? "" : `, at t = ${decimal(t, 2)}`;
        text =
          `Side ${name.toUpperCase()}, density after ${integer(step)} training steps on ${this.#set.title}${when}: ` +
          `highest log p ${decimal(shown.peak, 2)} nats near (${decimal(x, 1)}, ${decimal(y, 1)}).`;
      }
      plane.canvas.setAttribute("aria-label", text);
    }
  }
}
