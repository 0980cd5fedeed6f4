/** Points and rings: what pointer and form ask about, what the worker answers, and the numbers of it. */
import { byId, setText } from "../shared/dom.js";
import { decimal } from "../shared/format.js";
import type { Plane } from "../shared/plane.js";
import type { Inspected, Ring, ViewCommand } from "./protocol-view.js";
import { type RingState, ringAt } from "./rings.js";

/** Of a ring when it is dropped, in data coordinates. */
const RADIUS = 0.3;

export class Inspector {
  readonly #x = byId("point-x", HTMLInputElement);
  readonly #y = byId("point-y", HTMLInputElement);
  #id = 0;
  /** An answer is on its way; the place to ask about next. */
  #waiting = false;
  #next: readonly [number, number] | undefined;
  #inspected: Inspected | undefined;
  #ring: Ring | undefined;

  /**
   * @param time the flow's time that the picture shows
   * @param onChange called when what is to be painted has changed
   */
  constructor(
    readonly plane: Plane,
    readonly time: () => number,
    readonly send: (command: ViewCommand) => void,
    readonly onChange: () => void,
  ) {
    const { canvas } = plane;
    canvas.addEventListener("pointermove", (event) => {
      const place = plane.placeOf(event);
      if (place) this.#hover(place);
    });
    canvas.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") this.#leave();
    });
    canvas.addEventListener("click", (event) => {
      const place = plane.placeOf(event);
      if (place) this.drop(place);
    });
    byId("point-inspect", HTMLButtonElement).addEventListener("click", () => this.#hover(this.#typed));
    byId("point-drop", HTMLButtonElement).addEventListener("click", () => this.drop(this.#typed));
  }

  /** The place in the form; 0 where there is no number. */
  get #typed(): [number, number] {
    // Of what is no number a number field makes an empty text.
    return [Number(this.#x.value), Number(this.#y.value)];
  }

  get path(): Float32Array | undefined {
    return this.#inspected?.path;
  }

  ringAt(progress: number): RingState | undefined {
    return this.#ring && ringAt(this.#ring, RADIUS, progress);
  }

  /** Forgets everything: the flow has changed. */
  clear(): void {
    this.#id += 1;
    this.#waiting = false;
    this.#next = undefined;
    this.#inspected = undefined;
    this.#ring = undefined;
    this.#showPoint();
    this.showRing(0);
    this.onChange();
  }

  drop(place: readonly [number, number]): void {
    this.#hover(place);
    this.send({ type: "ring", id: this.#id, place, t: this.time(), radius: RADIUS });
  }

  takePoint(answer: Inspected): void {
    if (answer.id !== this.#id) return;
    this.#waiting = false;
    this.#inspected = answer;
    this.#showPoint();
    this.onChange();
    const next = this.#next;
    this.#next = undefined;
    if (next) this.#hover(next);
  }

  takeRing(answer: Ring): void {
    if (answer.id !== this.#id) return;
    this.#ring = answer;
    this.onChange();
  }

  /** One question at a time: a pointer moves faster than answers come. */
  #hover(place: readonly [number, number]): void {
    if (this.#waiting) {
      this.#next = place;
      return;
    }
    this.#waiting = true;
    this.send({ type: "inspect", id: this.#id, place, t: this.time() });
  }

  #leave(): void {
    this.#next = undefined;
    this.#inspected = undefined;
    this.#showPoint();
    this.onChange();
  }

  #showPoint(): void {
    const found = this.#inspected;
    const show = (name: string, text: string) => setText(byId(`point-${name}`, HTMLElement), text);
    const pair = (values: readonly number[] | undefined) =>
      values ? `(${decimal(values[0], 3)}, ${decimal(values[1], 3)})` : "–";
    show("place", pair(found?.place));
    show("field", pair(found?.velocity));
    show("divergence", decimal(found?.divergence, 3));
    show("density", decimal(found?.logDensity, 3));
  }

  showRing(progress: number): void {
    const state = this.ringAt(progress);
    const ring = this.#ring;
    const show = (name: string, text: string) => setText(byId(`ring-${name}`, HTMLElement), text);
    show("measured", state ? `× ${decimal(state.measured, 3)}` : "–");
    show("predicted", state ? `× ${decimal(state.predicted, 3)}` : "–");
    // Density times area: what the first loses, the second gains.
    const area = Math.PI * RADIUS ** 2;
    const inside = ring && state && Math.exp(ring.logDensity) * area * (state.measured / state.predicted);
    show("mass", inside === undefined ? "–" : `${decimal(100 * inside, 2)} %`);
  }
}
