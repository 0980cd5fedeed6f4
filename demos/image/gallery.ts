/** The choice of pictures: a radio button for each, with a small copy of it. */

import { make } from "../shared/dom.js";
import { colored } from "../shared/heat.js";
import type { Picture } from "./density.js";

const SIDE = 96;

export class Gallery {
  readonly #choices = new Map<string, { label: HTMLElement; input: HTMLInputElement }>();

  constructor(
    readonly host: HTMLElement,
    readonly onChoose: (name: string) => void,
  ) {}

  /** Adds a choice, in place of one of the same name. */
  add(name: string, picture: Picture): void {
    this.#choices.get(name)?.label.remove();
    const input = make("input", {
      type: "radio",
      name: "picture",
      value: name,
      className: "visually-hidden",
    });
    input.addEventListener("change", () => this.onChoose(name));
    const title = make("span", {}, picture.title);
    const label = make("label", { className: "choice" }, input, thumbnail(picture), title);
    this.host.append(label);
    this.#choices.set(name, { label, input });
  }

  show(name: string): void {
    for (const [key, { input }] of this.#choices) input.checked = key === name;
  }
}

function thumbnail({ width, height, light, cover }: Picture): HTMLCanvasElement {
  const canvas = make("canvas", { width: SIDE, height: SIDE });
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d")!;
  const logLight = light.map((value, i) => Math.log(value * cover[i]!));
  const scale = SIDE / Math.max(width, height);
  context.fillStyle = "#000";
  context.fillRect(0, 0, SIDE, SIDE);
  const [across, down] = [width * scale, height * scale];
  const image = colored(logLight, width, height, "linear", 0);
  context.drawImage(image, (SIDE - across) / 2, (SIDE - down) / 2, across, down);
  return canvas;
}
