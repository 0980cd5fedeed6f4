/** The choice of data: a radio button for each set, with a small picture of its points. */
import type { data } from "fjordgpu";
import { colorAt } from "../shared/colormap.js";
import { make } from "../shared/dom.js";
import { OWN, type OwnData, setOf } from "./sets.js";

const SIDE = 96;
const POINTS = 700;

export class Gallery {
  readonly #inputs = new Map<string, HTMLInputElement>();

  constructor(
    readonly host: HTMLElement,
    sets: readonly data.ToySet[],
    readonly onChoose: (name: string) => void,
  ) {
    for (const set of sets) this.add(set);
  }

  /** Adds a choice, in place of one of the same name. */
  add(set: data.ToySet): void {
    this.#inputs.get(set.name)?.closest("label")?.remove();
    const input = make("input", { type: "radio", name: "set", value: set.name });
    input.className = "visually-hidden";
    input.addEventListener("change", () => this.onChoose(set.name));
    const name = make("span", {}, set.title);
    this.host.append(make("label", { className: "choice" }, input, thumbnail(set), name));
    this.#inputs.set(set.name, input);
  }

  /** Adds the reader's own points, if there are any. */
  addOwn(own: OwnData | undefined): void {
    if (own) this.add(setOf({ set: OWN, noise: 1 }));
  }

  show(name: string): void {
    for (const input of this.#inputs.values()) input.checked = input.value === name;
  }
}

function thumbnail(set: data.ToySet): HTMLCanvasElement {
  const canvas = make("canvas", { width: SIDE, height: SIDE });
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d")!;
  context.fillStyle = colorAt(0);
  context.fillRect(0, 0, SIDE, SIDE);
  context.fillStyle = colorAt(0.85);
  context.globalAlpha = 0.75;
  const points = set.sample(POINTS, 0);
  const [low, high] = set.window;
  for (let i = 0; 2 * i < points.length; i++) {
    const x = ((points[2 * i]! - low) / (high - low)) * SIDE;
    const y = ((high - points[2 * i + 1]!) / (high - low)) * SIDE;
    context.fillRect(x - 0.8, y - 0.8, 1.6, 1.6);
  }
  return canvas;
}
