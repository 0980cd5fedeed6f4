/** Three plates side by side: the picture as a density, the flow's density, and its samples at any time of the flow. */
import { colorAt } from "../shared/colormap.js";
import { byId, make, setText } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import { colored, type Heat, type HeatScale, heat, legend } from "../shared/heat.js";
import { type Moments, moments } from "../shared/moments.js";
import { Plane } from "../shared/plane.js";
import { Stage } from "../shared/stage.js";
import { Transport } from "../shared/transport.js";
import { halvesOf, type PixelDensity, peakOf, WINDOW } from "./density.js";
import type { Event, Frame } from "./protocol.js";

/** Backing pixels of the target over the whole window. */
const SIDE = 640;

interface Target {
  readonly title: string;
  readonly density: PixelDensity;
  /** [n, 2] some of those that are trained on. */
  readonly points: Float32Array;
}

export class View {
  readonly #canvases = {
    target: byId("target", HTMLCanvasElement),
    density: byId("plate", HTMLCanvasElement),
    samples: byId("samples", HTMLCanvasElement),
  };
  readonly #planes = {
    target: new Plane(this.#canvases.target, WINDOW, (plane) => this.#paintTarget(plane)),
    density: new Plane(this.#canvases.density, WINDOW, (plane) => {
      if (this.#heat) plane.image(this.#heat.image);
    }),
    samples: new Plane(this.#canvases.samples, WINDOW, (plane) => this.#paintSamples(plane)),
  };
  readonly #scale = byId("scale", HTMLSelectElement);
  readonly #drawn = byId("drawn", HTMLInputElement);
  readonly #words = byId("picture-text", HTMLElement);
  readonly #stage = new Stage();
  readonly #transport: Transport;
  #target: Target | undefined;
  #targetImage: HTMLCanvasElement | undefined;
  #frame: Frame | undefined;
  #samples: Float32Array = new Float32Array();
  #heat: Heat | undefined;

  constructor() {
    for (const plane of Object.values(this.#planes)) plane.bare = true;
    this.#transport = new Transport(() => this.#travel());
    this.#drawn.addEventListener("change", () => this.#planes.target.invalidate());
    this.#scale.addEventListener("change", () => this.#color());
  }

  /** Shows what is to be learned; undefined: nothing. */
  aim(target: Target | undefined): void {
    this.#target = target;
    this.#color();
    this.#describe();
  }

  /** A new run: nothing of the run before. */
  reset(): void {
    this.#frame = undefined;
    this.#samples = new Float32Array();
    this.leave();
    this.#describe();
  }

  /** The flow is about to change: nothing about its course holds any longer. */
  leave(): void {
    this.#stage.clear();
    this.#transport.disable();
    delete document.body.dataset.course;
    setText(byId("time-progress", HTMLElement), "Comes with the next pause.");
    // While it trains the picture changes every second; that is not news for who listens.
    this.#words.setAttribute("aria-live", "off");
    this.#color();
  }

  take(event: Extract<Event, { type: "frame" | "samples" | "course" | "moment" }>): void {
    if (event.type === "frame") this.#frame = event;
    else if (event.type === "samples") this.#samples = event.points;
    else if (event.type === "moment") this.#stage.add(event);
    else {
      this.#stage.begin(event);
      this.#transport.enable(this.#stage.T);
      this.#words.setAttribute("aria-live", "polite");
    }
    this.#showReady();
    this.#color();
    this.#describe();
  }

  /** The three plates beside each other, two pixels for each of the page. */
  snapshot(): HTMLCanvasElement {
    const parts = Object.values(this.#planes).map((plane) => plane.snapshot(2));
    // On a phone they have different sizes.
    const side = Math.max(...parts.map(({ height }) => height));
    const gap = 24;
    const whole = make("canvas", { width: parts.length * (side + gap) - gap, height: side });
    const context = whole.getContext("2d")!;
    for (const [i, part] of parts.entries()) context.drawImage(part, i * (side + gap), 0, side, side);
    return whole;
  }

  #showReady(): void {
    const { known, wanted } = this.#stage;
    if (wanted > 0) document.body.dataset.course = known === wanted ? "ready" : "coming";
    const text = wanted === 0 || known === wanted ? "" : `${known} of ${wanted} moments computed`;
    setText(byId("time-progress", HTMLElement), text);
  }

  #travel(): void {
    this.#color();
    if (!this.#transport.playing) this.#describe();
  }

  /** Colours everything on one scale, whose top is that of the target. */
  #color(): void {
    const scale = this.#scale.value as HeatScale;
    const top = this.#target && peakOf(this.#target.density);
    const { progress } = this.#transport;
    // At the end the picture is the one that has been refined.
    const shown =
      progress === 1 ? (this.#frame ?? this.#stage.densityAt(1)) : this.#stage.densityAt(progress);
    this.#heat = shown && heat(shown.logDensity, shown.size, scale, top);
    this.#targetImage = this.#target && targetImage(this.#target.density, scale);
    legend(byId("legend", HTMLElement), top, scale);
    this.#showMoment();
    for (const plane of Object.values(this.#planes)) plane.invalidate();
  }

  get #particles(): Float32Array {
    const { progress } = this.#transport;
    const travelled = this.#stage.samplesAt(progress);
    return progress === 1 && this.#samples.length > 0 ? this.#samples : (travelled ?? this.#samples);
  }

  #paintTarget(plane: Plane): void {
    if (this.#targetImage) plane.image(this.#targetImage);
    if (!this.#drawn.checked || !this.#target) return;
    plane.dots({ points: this.#target.points, colors: ["#ffa45c"], radius: 1.3, alpha: 1 });
  }

  #paintSamples(plane: Plane): void {
    plane.dots({ points: this.#particles, colors: [colorAt(0.92)], radius: 1.5, alpha: 1.3 });
  }

  /** What the particles have of the noise that they come from, in the coordinates in which it is standard. */
  #showMoment(): void {
    const { course } = this.#stage;
    const particles = this.#stage.samplesAt(this.#transport.progress);
    const found: Moments | undefined =
      course && particles && moments(particles.map((x, i) => (x - course.mean[i % 2]!) / course.std[i % 2]!));
    const pair = (values: readonly [number, number] | undefined) =>
      values ? `${decimal(values[0], 2)}, ${decimal(values[1], 2)}` : "–";
    setText(byId("moment-mean", HTMLElement), pair(found?.mean));
    setText(byId("moment-std", HTMLElement), pair(found?.std));
  }

  #describe(): void {
    if (!this.#target) {
      for (const canvas of Object.values(this.#canvases))
        canvas.setAttribute("aria-label", "Nothing to learn");
      setText(this.#words, "The picture has no density.");
      return;
    }
    const { title, density } = this.#target;
    const { right, upper } = halvesOf(density);
    const share = (value: number) => `${decimal(100 * value, 1)} %`;
    const target =
      `“${title}” as a density of ${integer(density.width)} × ${integer(density.height)} pixels: ` +
      `${share(right)} of the probability is in its right half, ${share(upper)} in its upper half.`;
    this.#canvases.target.setAttribute("aria-label", target);
    const { progress, t } = this.#transport;
    const step = this.#frame?.step ?? this.#stage.course?.step ?? 0;
    const when = progress === 1 ? "" : ` at t = ${decimal(t, 2)}${progress === 0 ? ", noise" : ""}`;
    const known = step === 0 ? "the untrained flow" : `the flow after ${integer(step)} training steps`;
    const mass =
      progress === 1 && this.#frame ? ` ${share(this.#frame.mass)} of its probability is in the window.` : "";
    const learned = `Density of ${known}${when}.${mass}`;
    this.#canvases.density.setAttribute("aria-label", learned);
    const count = this.#particles.length / 2;
    this.#canvases.samples.setAttribute("aria-label", `${integer(count)} samples of ${known}${when}.`);
    setText(this.#words, `${target} ${learned}`);
  }
}

/** The picture where it lies in the window, its pixels as they are. */
function targetImage(density: PixelDensity, scale: HeatScale): HTMLCanvasElement {
  const { width, height, p, pixel } = density;
  const logArea = 2 * Math.log(pixel);
  const logDensity = Float32Array.from(p, (value) => Math.log(value) - logArea);
  const image = colored(logDensity, width, height, scale, peakOf(density));
  const whole = make("canvas", { width: SIDE, height: SIDE });
  const context = whole.getContext("2d")!;
  context.fillStyle = colorAt(0);
  context.fillRect(0, 0, SIDE, SIDE);
  const perUnit = SIDE / (WINDOW[1] - WINDOW[0]);
  const [across, down] = [width * pixel * perUnit, height * pixel * perUnit];
  // Only where a pixel of the picture is larger than one of the canvas its edges are to be seen.
  context.imageSmoothingEnabled = across < width;
  context.drawImage(image, (SIDE - across) / 2, (SIDE - down) / 2, across, down);
  return whole;
}
