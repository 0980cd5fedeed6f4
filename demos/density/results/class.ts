/** For a teacher: which parts a copied link hides, and the task that it shows. */
import { byId, make } from "../../shared/dom.js";
import { type Lesson, LONGEST_TEXT, lessonOf, PARTS } from "../lesson.js";

export class ForClass {
  readonly #ticks = new Map<string, HTMLInputElement>();
  readonly #text = byId("class-text", HTMLTextAreaElement);
  /** Single settings that the page's own address hides: the form has no ticks for them. */
  readonly #others: readonly string[];

  /** @param search of the page's own address, which the form begins with */
  constructor(search: string) {
    const { hidden, text } = lessonOf(search);
    const host = byId("class-parts", HTMLElement);
    for (const [name, [title]] of Object.entries(PARTS)) {
      const tick = make("input", { type: "checkbox", value: name, checked: hidden.includes(name) });
      host.append(make("label", { className: "tick" }, tick, title));
      this.#ticks.set(name, tick);
    }
    this.#others = hidden.filter((name) => !this.#ticks.has(name));
    this.#text.maxLength = LONGEST_TEXT;
    this.#text.value = text;
  }

  get lesson(): Lesson {
    const ticked = [...this.#ticks].filter(([, tick]) => tick.checked).map(([name]) => name);
    return { hidden: [...ticked, ...this.#others], text: this.#text.value.trim() };
  }
}
