/**
 * The page's side of the picture that the worker draws: what it is asked for, and what comes back, on a canvas of the
 * worker's below the plate or as pixels.
 */
import type { Drawn, Frame } from "./display.js";
import { make } from "./dom.js";
import type { Plane } from "./plane.js";

interface Waiting {
  readonly resolve: (image: HTMLCanvasElement) => void;
  readonly reject: (error: Error) => void;
}

/** Frames in which a canvas of the worker's must have come to show something. */
const PATIENCE = 20;

/** `Wanted`: what a page's look has beside its frame. */
export class DisplayClient<Wanted extends object> {
  /** "below": on the worker's canvas; an image; none yet for this run. */
  #shown: "below" | HTMLCanvasElement | undefined;
  #canvas: HTMLCanvasElement | undefined;
  #id = 0;
  #asked = "";
  /** Whether the worker's canvas has been seen to show what is drawn on it. */
  #proven = false;
  readonly #stills = new Map<number, Waiting>();

  /** @param send to the worker @param onChange called when another picture has come */
  constructor(
    readonly plane: Plane,
    readonly send: (command: { type: "look"; look: Wanted & Frame } | { type: "read-back" }) => void,
    readonly onChange: () => void,
  ) {}

  /** A fresh canvas below the plate for a worker to draw on; undefined where there is no handing over. */
  handOver(): OffscreenCanvas | undefined {
    this.#canvas?.remove();
    this.#proven = false;
    this.forget();
    const canvas = make("canvas", { className: "plate-below" });
    canvas.setAttribute("aria-hidden", "true");
    if (!canvas.transferControlToOffscreen) return undefined;
    this.#canvas = canvas;
    this.plane.canvas.before(canvas);
    return canvas.transferControlToOffscreen();
  }

  /** There is nothing to show until the worker has drawn something new. */
  forget(): void {
    this.#shown = undefined;
    this.#asked = "";
    delete document.body.dataset.picture;
    this.abandon();
  }

  /** What has been asked for a file will not come. */
  abandon(): void {
    for (const { reject } of this.#stills.values())
      reject(new Error("The picture has gone meanwhile: try again."));
    this.#stills.clear();
  }

  /** Asks for a picture unless it is the last one asked for. @param version changes with what there is to be seen */
  ask(wanted: Wanted, version: number): void {
    const { ratio } = this.plane;
    const look = { ...wanted, still: false, size: this.plane.sideAt(ratio), ratio };
    const key = `${version} ${JSON.stringify(look)}`;
    if (key === this.#asked) return;
    this.#asked = key;
    this.send({ type: "look", look: { ...look, id: ++this.#id } });
  }

  /** A picture for a file, at so many pixels a CSS pixel. @throws Error in words for people when the flow goes away */
  still(wanted: Wanted, ratio: number): Promise<HTMLCanvasElement> {
    const id = ++this.#id;
    const size = this.plane.sideAt(ratio);
    this.send({ type: "look", look: { ...wanted, id, still: true, size, ratio } });
    return new Promise((resolve, reject) => this.#stills.set(id, { resolve, reject }));
  }

  /** The picture that was last shown. */
  get last(): HTMLCanvasElement | undefined {
    return this.#shown === "below" ? this.#canvas : this.#shown;
  }

  take({ id, still, size, pixels }: Drawn): void {
    if (!pixels) {
      if (this.#proven) this.#show("below");
      else this.#prove(PATIENCE);
      return;
    }
    const image = make("canvas", { width: size, height: size });
    image.getContext("2d")!.putImageData(new ImageData(pixels, size), 0, 0);
    if (still) {
      this.#stills.get(id)?.resolve(image);
      this.#stills.delete(id);
    } else this.#show(image);
  }

  #show(shown: "below" | HTMLCanvasElement): void {
    this.#shown = shown;
    document.body.dataset.picture = shown === "below" ? "direct" : "readback";
    this.onChange();
  }

  /** Headless browsers and some drivers leave such a canvas empty, without an error: so its pixels are looked at. */
  #prove(frames: number): void {
    const canvas = this.#canvas;
    if (!canvas) return;
    const glass = make("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true })!;
    glass.drawImage(canvas, 0, 0, 1, 1);
    // Pictures are opaque.
    if (glass.getImageData(0, 0, 1, 1).data[3] === 255) {
      this.#proven = true;
      this.#show("below");
    } else if (frames > 0) {
      requestAnimationFrame(() => this.#prove(frames - 1));
    } else {
      canvas.remove();
      this.#canvas = undefined;
      this.#asked = "";
      this.send({ type: "read-back" });
      this.onChange();
    }
  }

  /** Shows on the plate what there is. @returns whether there was anything */
  paint(still?: HTMLCanvasElement): boolean {
    const shown = still ?? this.#shown;
    if (shown === "below") this.plane.uncover(this.#canvas!);
    else if (shown) this.plane.image(shown);
    return shown !== undefined;
  }
}
