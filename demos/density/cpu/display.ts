/** Shows a scene as pixels, painted between two slices of work; of several wishes the newest is painted (display.ts). */
import type { Event } from "../protocol.js";
import type { Look } from "../protocol-view.js";
import { pixelsOf } from "./picture.js";
import type { CpuScene } from "./scene.js";

interface Wish {
  readonly run: number;
  readonly look: Look;
}

export class CpuDisplay {
  #scene: { readonly run: number; readonly scene: CpuScene } | undefined;
  #wish: Wish | undefined;
  #queued = false;

  /** @param fail is told what goes wrong */
  constructor(
    readonly post: (run: number, event: Event, transfer?: Transferable[]) => void,
    readonly fail: (run: number, error: unknown) => void,
  ) {}

  /** The scene that looks of this run are of; undefined: of none. */
  show(run: number, scene: CpuScene | undefined): void {
    this.#scene = scene && { run, scene };
    this.#soon();
  }

  look(run: number, look: Look): void {
    if (look.still) this.#paint({ run, look });
    else {
      this.#wish = { run, look };
      this.#soon();
    }
  }

  /** When the messages that have come meanwhile are read: wishes are among them. */
  #soon(): void {
    if (this.#queued) return;
    this.#queued = true;
    setTimeout(() => {
      this.#queued = false;
      const wish = this.#wish;
      if (!wish || wish.run !== this.#scene?.run) return;
      this.#wish = undefined;
      this.#paint(wish);
    }, 0);
  }

  #paint({ run, look }: Wish): void {
    if (run !== this.#scene?.run) return;
    const { id, still, size } = look;
    try {
      const pixels = pixelsOf(this.#scene.scene, look);
      this.post(run, { type: "picture", id, still, size, pixels }, [pixels.buffer]);
    } catch (error) {
      this.fail(run, error);
    }
  }
}
