/** The time slider with play, loop, speed and direction. */
import { Clock } from "./clock.js";
import { byId, setText } from "./dom.js";
import { decimal } from "./format.js";

/** Seconds from end to end at speed 1, and the share of the way that an arrow key goes. */
const SECONDS = 5;
const KEY_STEP = 1 / 32;

export class Transport {
  readonly #clock = new Clock(SECONDS);
  readonly #slider = byId("time", HTMLInputElement);
  readonly #button = byId("time-play", HTMLButtonElement);
  readonly #output = byId("time-text", HTMLElement);
  readonly #loop = byId("time-loop", HTMLInputElement);
  readonly #speed = byId("time-speed", HTMLSelectElement);
  readonly #direction = byId("time-direction", HTMLSelectElement);
  readonly #stillness = matchMedia("(prefers-reduced-motion: reduce)");
  #T = 1;
  #last = 0;

  /** @param onMove called after every change of time, direction or playing */
  constructor(readonly onMove: () => void) {
    this.#slider.addEventListener("input", () => this.seek(Number(this.#slider.value)));
    this.#button.addEventListener("click", () => this.toggle());
    this.#speed.addEventListener("change", () => this.#read());
    this.#loop.addEventListener("change", () => this.#read());
    this.#direction.addEventListener("change", () => {
      this.#read();
      this.onMove();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.pause();
    });
    this.#read();
    this.#show();
  }

  /** 0: noise, t = T; 1: data, t = 0. */
  get progress(): number {
    return this.#clock.progress;
  }

  get t(): number {
    return this.#T * (1 - this.progress);
  }

  get direction(): 1 | -1 {
    return this.#clock.direction;
  }

  get playing(): boolean {
    return this.#clock.playing;
  }

  /** Makes the controls usable, for a flow that ends at T. */
  enable(T: number): void {
    this.#T = T;
    this.#disable(false);
    this.#show();
  }

  /** Back to the data, and no travelling until there is a course again. */
  disable(): void {
    this.pause();
    this.#clock.progress = 1;
    this.#disable(true);
    this.#moved();
  }

  seek(progress: number): void {
    this.pause();
    this.#clock.progress = Math.min(1, Math.max(0, progress));
    this.#moved();
  }

  /** One key press to the left (-1) or to the right (1). */
  nudge(steps: number): void {
    if (!this.#slider.disabled) this.seek(this.progress + steps * KEY_STEP);
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.#play();
  }

  pause(): void {
    if (!this.playing) return;
    this.#clock.playing = false;
    setText(this.#button, "Play");
    this.onMove();
  }

  #play(): void {
    this.#clock.play();
    this.#last = performance.now();
    setText(this.#button, "Pause");
    this.#moved();
    requestAnimationFrame(() => this.#tick());
  }

  #tick(): void {
    if (!this.playing) return;
    const now = performance.now();
    // A long pause between two frames must not make the points jump.
    this.#clock.advance(Math.min(0.1, (now - this.#last) / 1000));
    this.#last = now;
    if (this.playing) requestAnimationFrame(() => this.#tick());
    else setText(this.#button, "Play");
    this.#moved();
  }

  #read(): void {
    this.#clock.direction = this.#direction.value === "noise" ? -1 : 1;
    this.#clock.speed = Number(this.#speed.value);
    // Who asks for less motion gets one passage for one press.
    this.#clock.loop = this.#loop.checked && !this.#stillness.matches;
  }

  #disable(disabled: boolean): void {
    for (const control of [this.#slider, this.#button]) control.disabled = disabled;
  }

  #moved(): void {
    this.#show();
    this.onMove();
  }

  #show(): void {
    const { progress, t } = this;
    const place = progress === 0 ? ", noise" : progress === 1 ? ", data" : "";
    const text = `t = ${decimal(t, 2)}${place}`;
    this.#slider.value = String(progress);
    this.#slider.setAttribute("aria-valuetext", text);
    setText(this.#output, text);
  }
}
