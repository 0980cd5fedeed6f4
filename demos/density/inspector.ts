/** Points, rings and particles: what pointer and form ask about, what the worker answers, and the numbers of it. */
import { byId, setText } from "../shared/dom.js";
import { decimal } from "../shared/format.js";
import type { Plane } from "../shared/plane.js";
import { paintParticle, paintRing } from "./layers.js";
import type { Inspected, Ring, ViewCommand } from "./protocol-view.js";
import { pointOn, type RingState, ringAt } from "./rings.js";

type Place = readonly [x: number, y: number];

/** What is dropped, and when. */
interface Dropped {
  readonly ring: Ring;
  /** In data coordinates; 0: a single particle. */
  readonly radius: number;
}

export class Inspector {
  readonly #x = byId("point-x", HTMLInputElement);
  readonly #y = byId("point-y", HTMLInputElement);
  readonly #kind = byId("drop-kind", HTMLSelectElement);
  readonly #radius = byId("drop-radius", HTMLSelectElement);
  readonly #away = byId("point-away", HTMLButtonElement);
  #id = 0;
  /** What the answer on its way is about: the reader's place, its path at another time, or nothing any more. */
  #waiting: "place" | "path" | "nothing" | undefined;
  /** The reader's place to ask about next. */
  #next: Place | undefined;
  /** The answer about the reader's place; the point follows its path. */
  #asked: Inspected | undefined;
  /** The answer about the point on that path at the time that the picture shows, or showed just now. */
  #here: Inspected | undefined;
  #dropId = 0;
  /** Of the drop that is not answered yet. */
  #dropRadius = 0;
  #dropped: Dropped | undefined;

  /**
   * @param now the time that the picture shows: of the flow, and as progress from noise (0) to data (1)
   * @param onChange called when what is to be painted has changed
   */
  constructor(
    readonly plane: Plane,
    readonly now: () => { readonly t: number; readonly progress: number },
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
    this.#away.addEventListener("click", () => {
      this.#takeAway();
      this.onChange();
      // A disabled button would lose the focus to nothing.
      byId("point-drop", HTMLButtonElement).focus();
    });
    const showKind = () => {
      this.#radius.disabled = this.#kind.value === "particle";
    };
    this.#kind.addEventListener("change", showKind);
    showKind();
  }

  /** The place in the form; 0 where there is no number. */
  get #typed(): Place {
    // Of what is no number a number field makes an empty text.
    return [Number(this.#x.value), Number(this.#y.value)];
  }

  get path(): Float32Array | undefined {
    return this.#asked?.path;
  }

  /** Forgets everything: the flow has changed. */
  clear(): void {
    this.#id += 1;
    this.#waiting = undefined;
    this.#next = undefined;
    this.#asked = undefined;
    this.#here = undefined;
    this.#showPoint();
    this.#takeAway();
    this.onChange();
  }

  drop(place: Place): void {
    this.#hover(place);
    this.#dropId += 1;
    this.#dropRadius = this.#kind.value === "particle" ? 0 : Number(this.#radius.value);
    this.send({ type: "ring", id: this.#dropId, place, t: this.now().t, radius: this.#dropRadius });
  }

  /** The time has moved: the point goes along its path. */
  follow(): void {
    this.#ask();
  }

  takePoint(answer: Inspected): void {
    if (answer.id !== this.#id) return;
    if (this.#waiting === "place") this.#asked = answer;
    if (this.#waiting !== "nothing") this.#here = answer;
    this.#waiting = undefined;
    this.#showPoint();
    this.onChange();
    this.#ask();
  }

  takeRing(ring: Ring): void {
    if (ring.id !== this.#dropId) return;
    this.#dropped = { ring, radius: this.#dropRadius };
    this.#away.disabled = false;
    this.onChange();
  }

  /** What was dropped, where it is at this time. */
  paintDropped(plane: Plane, progress: number): void {
    const state = this.#stateAt(progress);
    if (!state || !this.#dropped) return;
    const { ring, radius } = this.#dropped;
    if (radius > 0) paintRing(plane, state);
    else
      paintParticle(
        plane,
        ring.centre.flatMap((there) => [...there]),
        state.centre,
      );
  }

  #stateAt(progress: number): RingState | undefined {
    return this.#dropped && ringAt(this.#dropped.ring, this.#dropped.radius, progress);
  }

  #takeAway(): void {
    this.#dropId += 1;
    this.#dropped = undefined;
    this.#away.disabled = true;
    this.showRing(0);
  }

  #hover(place: Place): void {
    this.#next = place;
    this.#ask();
  }

  /** One question at a time: pointer and time move faster than answers come. */
  #ask(): void {
    if (this.#waiting) return;
    const { t, progress } = this.now();
    let place = this.#next;
    this.#next = undefined;
    if (place) this.#waiting = "place";
    else if (this.#asked && this.#here?.t !== t) {
      this.#waiting = "path";
      // Always from the path of the first answer, so that the error between its times does not add up.
      const [x, y] = pointOn(this.#asked.path, progress);
      place = [x!, y!];
    }
    if (place) this.send({ type: "inspect", id: this.#id, place, t });
  }

  #leave(): void {
    this.#next = undefined;
    this.#asked = undefined;
    this.#here = undefined;
    if (this.#waiting) this.#waiting = "nothing";
    this.#showPoint();
    this.onChange();
  }

  #showPoint(): void {
    const found = this.#here;
    const show = (name: string, text: string) => setText(byId(`point-${name}`, HTMLElement), text);
    const pair = (values: readonly number[] | undefined) =>
      values ? `(${decimal(values[0], 3)}, ${decimal(values[1], 3)})` : "–";
    show("place", pair(found?.place));
    show("time", found ? `at t = ${decimal(found.t, 2)}` : "");
    show("field", pair(found?.velocity));
    show("divergence", decimal(found?.divergence, 3));
    show("density", decimal(found?.logDensity, 3));
  }

  showRing(progress: number): void {
    const state = this.#stateAt(progress);
    const { ring, radius } = this.#dropped ?? {};
    const show = (name: string, text: string) => setText(byId(`ring-${name}`, HTMLElement), text);
    // A particle has no area, but the space around it has a factor.
    const hasArea = state !== undefined && ring !== undefined && radius !== undefined && radius > 0;
    show("measured", hasArea ? `× ${decimal(state.measured, 3)}` : "–");
    show("predicted", state ? `× ${decimal(state.predicted, 3)}` : "–");
    // Density times area: what the first loses, the second gains.
    const inside =
      hasArea && Math.exp(ring.logDensity) * Math.PI * radius ** 2 * (state.measured / state.predicted);
    show("mass", inside === false ? "–" : `${decimal(100 * inside, 2)} %`);
  }
}
