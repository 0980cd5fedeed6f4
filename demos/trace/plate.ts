/** The plane of a field in two dimensions: its density, the path of the point, and the choice of another one. */
import { moved } from "../shared/cursor.js";
import { byId, setText } from "../shared/dom.js";
import { decimal } from "../shared/format.js";
import { heat } from "../shared/heat.js";
import { Plane } from "../shared/plane.js";
import { type Examined, type Pictured, WINDOW } from "./protocol.js";

/** On the dark plate, in either theme. */
const COLORS = { path: "#ffffff", point: "#ffa45c", ring: "#ffffff", cursor: "#ffffff" };
/** In data coordinates. */
const RING = 0.17;
const CURSOR = 0.16;

export class Plate {
  readonly #canvas = byId("plate", HTMLCanvasElement);
  readonly #spoken = byId("cursor-text", HTMLElement);
  readonly #plane = new Plane(this.#canvas, WINDOW, (plane) => this.#paint(plane));
  #image: HTMLCanvasElement | undefined;
  #path: Float32Array = new Float32Array();
  #point: readonly [x: number, y: number] | undefined;
  #cursor = { x: 0, y: 0 };
  #showsCursor = false;

  /** @param onChoose called with the place that the reader chose */
  constructor(readonly onChoose: (x: number, y: number) => void) {
    const canvas = this.#canvas;
    canvas.addEventListener("click", (event) => {
      const place = this.#plane.placeOf(event);
      if (!place) return;
      this.#cursor = { x: place[0], y: place[1] };
      // The pointer shows where it is by itself.
      this.#showCursor(false);
      this.#choose(...place);
    });
    canvas.addEventListener("focus", () => this.#showCursor(canvas.matches(":focus-visible")));
    canvas.addEventListener("blur", () => this.#showCursor(false));
    canvas.addEventListener("keydown", (event) => {
      const next = moved(this.#cursor, event, WINDOW);
      if (next) {
        this.#cursor = next;
        setText(this.#spoken, `Cursor at ${spoken(next.x, next.y)}`);
      } else if (event.key === " " || event.key === "Enter") this.#choose(this.#cursor.x, this.#cursor.y);
      else return;
      event.preventDefault();
      this.#showCursor(true);
    });
  }

  /** Whether there is a plane to show: in two dimensions. */
  set isShown(shown: boolean) {
    byId("plane-card", HTMLElement).hidden = !shown;
  }

  /** The point may be another: its path comes with the picture. */
  mark({ z }: Examined): void {
    this.#path = new Float32Array();
    this.#point = [z[0]!, z[1]!];
    this.#plane.invalidate();
  }

  show({ t, size, logDensity, path }: Pictured): void {
    const { image } = heat(logDensity, size, "linear");
    this.#image = image;
    this.#path = path;
    this.#plane.invalidate();
    const at = this.#point ? `, the point at ${spoken(...this.#point)}` : "";
    this.#canvas.setAttribute("aria-label", `The density at t = ${decimal(t, 2)}${at}, and its path`);
  }

  #choose(x: number, y: number): void {
    this.#path = new Float32Array();
    this.#point = [x, y];
    this.#plane.invalidate();
    setText(this.#spoken, `Point at ${spoken(x, y)}`);
    this.onChoose(x, y);
  }

  #showCursor(shows: boolean): void {
    this.#showsCursor = shows;
    this.#plane.invalidate();
  }

  #paint(plane: Plane): void {
    if (this.#image) plane.image(this.#image);
    plane.lines([this.#path], COLORS.path, 0.85, 1.5);
    if (this.#point) {
      const [x, y] = this.#point;
      plane.dots({ points: [x, y], colors: [COLORS.point], radius: 5, alpha: 1 });
      plane.lines([circle(x, y)], COLORS.ring, 1, 1.75);
    }
    if (!this.#showsCursor) return;
    const { x, y } = this.#cursor;
    const cross = [
      [x - CURSOR, y, x + CURSOR, y],
      [x, y - CURSOR, x, y + CURSOR],
    ];
    plane.lines(cross, COLORS.cursor, 1, 2);
  }
}

const spoken = (x: number, y: number) => `${decimal(x, 1)}, ${decimal(y, 1)}`;

function circle(x: number, y: number): number[] {
  return Array.from({ length: 25 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 24;
    return [x + RING * Math.cos(angle), y + RING * Math.sin(angle)];
  }).flat();
}
