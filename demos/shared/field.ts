/** One setting of a form: its name, its control, its sentence of help, and what happens when it is raised. */
import { make } from "./dom.js";

export interface FieldText {
  readonly label: string;
  readonly help: string;
  /** What happens when a number is raised, as the end of a sentence. */
  readonly raised?: string | undefined;
}

/** @param id that the control gets; its help is described by `${id}-help` */
export function fieldOf(
  id: string,
  { label, help, raised }: FieldText,
  input: HTMLSelectElement | HTMLInputElement,
): HTMLElement {
  input.id = id;
  input.setAttribute("aria-describedby", `${id}-help`);
  const name =
    input.type === "checkbox"
      ? [make("label", { className: "tick", htmlFor: id }, input, label)]
      : [make("label", { htmlFor: id }, label), input];
  const more = raised ? [" ", make("em", {}, "Raised:"), ` ${raised}`] : [];
  const hint = make("p", { className: "hint", id: `${id}-help` }, help, ...more);
  return make("div", { className: "field" }, ...name, hint);
}
