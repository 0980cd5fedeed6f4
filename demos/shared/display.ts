/**
 * Shows a scene, in the worker that owns the device: straight on a canvas of the page that was transferred here, or
 * read back as pixels that the page shows. Of several wishes that come while one is under way the newest is drawn.
 */
import type { Device, render } from "fjordgpu";

/** Of a look what every page's has. */
export interface Frame {
  readonly id: number;
  /** For a file, beside what the page shows: always as pixels. */
  readonly still: boolean;
  /** Device pixels along a side of the plate, and of a CSS pixel. */
  readonly size: number;
  readonly ratio: number;
}

/** A look was drawn. */
export interface Drawn {
  readonly type: "picture";
  readonly id: number;
  readonly still: boolean;
  readonly size: number;
  /** [size, size, 4], row 0 at the top; undefined: the page's canvas has it. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer> | undefined;
}

/** How a page's scene looks, and what draws it. */
export interface Painting<Scene, Look> {
  readonly painter: render.Painter;
  pictureOf(scene: Scene, look: Look): render.Picture;
}

interface Wish<Look> {
  readonly run: number;
  readonly look: Look;
}

export class Display<Scene, Look extends Frame> {
  #painting: Promise<Painting<Scene, Look>> | undefined;
  #draw: ((picture: render.Picture) => void) | undefined;
  #scene: { readonly run: number; readonly scene: Scene } | undefined;
  #wish: Wish<Look> | undefined;
  #busy = false;

  /**
   * @param canvas to draw on; without one pixels are posted
   * @param create makes the painting when there is something to draw
   * @param fail is told what goes wrong
   */
  constructor(
    readonly device: Device,
    readonly canvas: OffscreenCanvas | undefined,
    readonly create: (device: Device) => Promise<Painting<Scene, Look>>,
    readonly post: (run: number, event: Drawn, transfer?: Transferable[]) => void,
    readonly fail: (run: number, error: unknown) => void,
  ) {}

  /** Fetches and compiles what draws, so that it is there when there is something to draw. */
  prepare(): void {
    // What goes wrong is said when it is needed.
    this.#begun().catch(() => undefined);
  }

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

  #begun(): Promise<Painting<Scene, Look>> {
    this.#painting ??= this.#begin();
    return this.#painting;
  }

  async #begin(): Promise<Painting<Scene, Look>> {
    const painting = await this.create(this.device);
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

  async #paint({ run, look }: Wish<Look>): Promise<void> {
    const painting = await this.#begun();
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
