/** The time slider with its play button: elements "time", "time-text" and "play" of the page. */
import { byId, setText } from "./dom.js";

export interface PlayerOptions {
  /** From the left end of the slider to the right one. */
  readonly seconds: number;
  /** Called with 0 (left end) … 1 (right end). */
  readonly onMove: (progress: number) => void;
  /** The place in words, e.g. "t = 0.50". */
  readonly describe: (progress: number) => string;
}

export class Player {
  readonly #slider = byId("time", HTMLInputElement);
  readonly #button = byId("play", HTMLButtonElement);
  readonly #output = byId("time-text", HTMLElement);
  #playing = false;
  #last = 0;
  /** Kept apart from the slider, whose steps would swallow what one frame adds. */
  #progress = 0;

  constructor(readonly options: PlayerOptions) {
    this.#slider.addEventListener("input", () => {
      this.pause();
      this.#progress = Number(this.#slider.value);
      this.#moved();
    });
    this.#button.addEventListener("click", () => (this.#playing ? this.pause() : this.play()));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.pause();
    });
  }

  /** Makes slider and button usable. */
  enable(): void {
    this.#slider.disabled = false;
    this.#button.disabled = false;
    this.#moved();
  }

  disable(): void {
    this.pause();
    this.#slider.disabled = true;
    this.#button.disabled = true;
  }

  get progress(): number {
    return this.#progress;
  }

  /** Stops at this place. */
  jump(progress: number): void {
    this.pause();
    this.#progress = progress;
    this.#slider.value = String(progress);
    this.#moved();
  }

  play(): void {
    if (this.progress >= 1) this.#progress = 0;
    this.#last = performance.now();
    setText(this.#button, "Pause");
    if (this.#playing) return;
    this.#playing = true;
    requestAnimationFrame(() => this.#tick());
  }

  pause(): void {
    this.#playing = false;
    setText(this.#button, "Play");
  }

  #tick(): void {
    if (!this.#playing) return;
    const now = performance.now();
    // A long pause between two frames must not make the points jump.
    const elapsed = Math.min(0.1, (now - this.#last) / 1000);
    this.#last = now;
    this.#progress = Math.min(1, this.progress + elapsed / this.options.seconds);
    this.#slider.value = String(this.progress);
    this.#moved();
    if (this.progress >= 1) this.pause();
    else requestAnimationFrame(() => this.#tick());
  }

  #moved(): void {
    const text = this.options.describe(this.progress);
    this.#slider.setAttribute("aria-valuetext", text);
    setText(this.#output, text);
    this.options.onMove(this.progress);
  }
}
