/** The time slider with its play button. */
import { byId, setText } from "../shared/dom.js";
import { decimal } from "../shared/format.js";

/** Seconds from noise to data. */
const DURATION = 5;

export class Player {
  readonly #slider = byId("time", HTMLInputElement);
  readonly #button = byId("play", HTMLButtonElement);
  readonly #output = byId("time-text", HTMLElement);
  #T = 1;
  #playing = false;
  #last = 0;
  /** Kept apart from the slider, whose steps would swallow what one frame adds. */
  #progress = 0;

  /** @param onMove called with 0 (noise, t = T) … 1 (data, t = 0) */
  constructor(readonly onMove: (progress: number) => void) {
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

  /** Makes slider and button usable for a flow that ends at T. */
  enable(T: number): void {
    this.#T = T;
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

  play(): void {
    if (this.progress >= 1) this.#progress = 0;
    this.#playing = true;
    this.#last = performance.now();
    setText(this.#button, "Pause");
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
    this.#progress = Math.min(1, this.progress + elapsed / DURATION);
    this.#slider.value = String(this.progress);
    this.#moved();
    if (this.progress >= 1) this.pause();
    else requestAnimationFrame(() => this.#tick());
  }

  #moved(): void {
    const { progress } = this;
    const t = this.#T * (1 - progress);
    const place = progress === 0 ? ", noise" : progress === 1 ? ", data" : "";
    const text = `t = ${decimal(t, 2)}${place}`;
    this.#slider.setAttribute("aria-valuetext", text);
    setText(this.#output, text);
    this.onMove(progress);
  }
}
