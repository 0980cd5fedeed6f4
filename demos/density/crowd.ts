/** How many samples are drawn: the choice, and how many of them there are so far. */
import { byId, setText } from "../shared/dom.js";
import { integer } from "../shared/format.js";
import { SAMPLES } from "./protocol-view.js";

export class Crowd {
  readonly #select = byId("crowd", HTMLSelectElement);
  readonly #note = byId("crowd-note", HTMLElement);
  readonly #text = byId("crowd-progress", HTMLElement);
  /** Samples that the picture has. */
  #drawn = 0;

  /** @param onChange called when another number is chosen */
  constructor(readonly onChange: () => void) {
    this.#select.addEventListener("change", () => {
      this.show(this.#drawn);
      this.onChange();
    });
  }

  /** Where no device computes there are not more than the first ones. */
  set isLimited(isLimited: boolean) {
    this.#select.disabled = isLimited;
    if (isLimited) this.#select.value = String(SAMPLES);
    this.#note.hidden = !isLimited;
  }

  get count(): number {
    return Number(this.#select.value);
  }

  /** @param drawn samples that the picture has now */
  show(drawn: number): void {
    const { count } = this;
    this.#drawn = drawn;
    setText(this.#text, drawn < count ? `${integer(drawn)} of ${integer(count)} samples drawn so far.` : "");
  }
}
