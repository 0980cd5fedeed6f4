/** How many training steps lie between two pictures: by time, or so many. */
import { byId, setText } from "../shared/dom.js";
import { integer } from "../shared/format.js";

/** What the slider's places stand for; 0: as time allows. */
export const PACES = [0, 1, 2, 5, 10, 20, 50, 100, 200];

/** @param steps one of PACES */
export function paceText(steps: number): string {
  if (steps === 0) return "auto";
  return steps === 1 ? "1 step" : `${integer(steps)} steps`;
}

export class Pace {
  readonly #slider = byId("pace", HTMLInputElement);
  readonly #output = byId("pace-text", HTMLElement);

  /** @param onChange called with the steps */
  constructor(readonly onChange: (steps: number) => void) {
    this.#slider.max = String(PACES.length - 1);
    this.#slider.addEventListener("input", () => {
      this.#show();
      this.onChange(this.steps);
    });
    this.#show();
  }

  get steps(): number {
    return PACES[Number(this.#slider.value)] ?? 0;
  }

  #show(): void {
    const text = paceText(this.steps);
    setText(this.#output, text);
    this.#slider.setAttribute("aria-valuetext", text);
  }
}
