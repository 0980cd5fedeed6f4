/**
 * Shows a scene, in the worker that owns the device: straight on a canvas of the page that was transferred here, or
 * read back as pixels that the page shows. Of several wishes that come while one is under way the newest is drawn.
 */
import type { Device, render } from "fjordgpu";
import type { Painting } from "./painting.js";
import type { Event } from "./protocol.js";
import type { Look } from "./protocol-view.js";
import type { Scene } from "./scene.js";

interface Wish {
  readonly run: number;
  readonly look: Look;
}

export class Display {
  #painting: Promise<Painting> | undefined;
  #draw: ((picture: render.Picture) => void) | undefined;
  #scene: { readonly run: number; readonly scene: Scene } | undefined;
  #wish: Wish | undefined;
  #busy = false;

  /**
   * @param canvas to draw on; without one pixels are posted
   * @param fail is told what goes wrong
   */
  constructor(
    readonly device: Device,
    readonly canvas: OffscreenCanvas | undefined,
    readonly post: (run: number, event: Event, transfer?: Transferable[]) => void,
    readonly fail: (run: number, error: unknown) => void,
  ) {}

  /** The scene that looks of this run are of; undefined: of none. */
  show(run: number, scene: Scene | undefined): void {
    this.#scene = scene && { run, scene };
    this.#go();
  }

  look(run: number, look: Look): void {
    if (look.still) this.#paint({ run, look }).catch((error: unknown) => this.fail(run, error));
    else {
      this.#wish = { run, look };
      this.#go();
    }
  }

  /** The page sees nothing on the canvas: pixels from now on. */
  readBack(): void {
    this.#draw = undefined;
  }

  async #begin(): Promise<Painting> {
    const { Painting } = await import("./painting.js");
    const painting = await Painting.create(this.device);
    if (this.canvas) this.#draw = painting.painter.onCanvas(this.canvas);
    return painting;
  }

  #go(): void {
    const wish = this.#wish;
    if (this.#busy || !wish || wish.run !== this.#scene?.run) return;
    this.#busy = true;
    this.#wish = undefined;
    this.#paint(wish)
      .catch((error: unknown) => this.fail(wish.run, error))
      .finally(() => {
        this.#busy = false;
        this.#go();
      });
  }

  async #paint({ run, look }: Wish): Promise<void> {
    this.#painting ??= this.#begin();
    const painting = await this.#painting;
    if (this.device.isLost || run !== this.#scene?.run) return;
    const { id, still, size } = look;
    const picture = painting.pictureOf(this.#scene.scene, look);
    if (this.#draw && !still) {
      this.#draw(picture);
      // Frames that the device has no time for are left out instead of queued.
      await this.device.finished();
      this.post(run, { type: "picture", id, still, size, pixels: undefined });
    } else {
      const pixels = await painting.painter.pixels(picture);
      this.post(run, { type: "picture", id, still, size, pixels }, [pixels.buffer]);
    }
  }
}
