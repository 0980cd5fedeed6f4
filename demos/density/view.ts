/** The picture: density, data and samples as layers over each other, with the legend and the words for it. */
import { byId, setText } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import { type Heat, type HeatScale, heat, legend } from "../shared/heat.js";
import { Plane } from "../shared/plane.js";
import type { Config } from "./config.js";
import type { Frame, Layers } from "./protocol.js";
import { setOf } from "./sets.js";

const DATA_POINTS = 2_000;
const DATA_COLOR = "#ffffff";
const SAMPLE_COLOR = "#ffa45c";

export class View {
  readonly #plane: Plane;
  readonly #canvas = byId("plate", HTMLCanvasElement);
  readonly #legend = byId("legend", HTMLElement);
  readonly #scale = byId("scale", HTMLSelectElement);
  readonly #ticks = {
    density: byId("layer-density", HTMLInputElement),
    data: byId("layer-data", HTMLInputElement),
    samples: byId("layer-samples", HTMLInputElement),
  };
  #set = setOf("moons");
  #data = new Float32Array();
  #samples: Float32Array = new Float32Array();
  #frame: Frame | undefined;
  #heat: Heat | undefined;

  /** @param onLayers called when the reader switches a layer that the worker must know of */
  constructor(readonly onLayers: (layers: Layers) => void) {
    this.#plane = new Plane(this.#canvas, this.#set.window, (plane) => this.#paint(plane));
    for (const tick of Object.values(this.#ticks)) {
      tick.addEventListener("change", () => {
        this.#plane.invalidate();
        this.onLayers(this.layers);
      });
    }
    document.addEventListener("visibilitychange", () => this.onLayers(this.layers));
    this.#scale.addEventListener("change", () => this.#color());
    this.#color();
  }

  get layers(): Layers {
    const { density, samples } = this.#ticks;
    return { density: density.checked, samples: samples.checked, visible: !document.hidden };
  }

  /** A new run: its data at once, and nothing of the run before. */
  reset(config: Config): void {
    this.#set = setOf(config.set);
    // The first rows of the worker's longer draw.
    this.#data = this.#set.sample(Math.min(DATA_POINTS, config.rows), config.seed);
    this.#samples = new Float32Array();
    this.#frame = undefined;
    this.#plane.window = this.#set.window;
    this.#color();
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

  showFrame(frame: Frame): void {
    this.#frame = frame;
    this.#color();
    this.#describe();
  }

  showSamples(points: Float32Array): void {
    this.#samples = points;
    this.#plane.invalidate();
  }

  /** Colours the density and its legend anew. */
  #color(): void {
    const scale = this.#scale.value as HeatScale;
    this.#heat = this.#frame && heat(this.#frame.logDensity, this.#frame.size, scale);
    legend(this.#legend, this.#heat?.peak, scale);
    this.#plane.invalidate();
  }

  #paint(plane: Plane): void {
    const { density, data: dataTick, samples } = this.#ticks;
    if (density.checked && this.#heat) plane.image(this.#heat.image);
    // Over the density the data must not hide what they are compared with.
    const alpha = density.checked && this.#heat ? 0.5 : 0.9;
    if (dataTick.checked) plane.dots({ points: this.#data, colors: [DATA_COLOR], radius: 1.2, alpha });
    if (samples.checked)
      plane.dots({ points: this.#samples, colors: [SAMPLE_COLOR], radius: 1.4, alpha: 0.95 });
  }

  #describe(): void {
    const shown = this.#frame;
    let text = `Points of the data set ${this.#set.title}. ${this.#set.about}`;
    if (shown && this.#heat) {
      const [low, high] = this.#set.window;
      const top = shown.logDensity.indexOf(this.#heat.peak);
      const cell = (high - low) / shown.size;
      const x = low + ((top % shown.size) + 0.5) * cell;
      const y = high - (Math.floor(top / shown.size) + 0.5) * cell;
      text =
        `${shown.step === 0 ? "Density of the untrained flow" : `Density after ${integer(shown.step)} training steps`}` +
        ` on ${this.#set.title}: highest log p ${decimal(this.#heat.peak, 2)} nats near (${decimal(x, 1)}, ` +
        `${decimal(y, 1)}); ${decimal(100 * shown.mass, 1)} % of the probability lies in the window.`;
    }
    this.#canvas.setAttribute("aria-label", text);
    setText(byId("picture-text", HTMLElement), text);
  }
}
