/** A native modal dialog with a title, made when it is needed and removed when it is closed. */
import { make } from "../../shared/dom.js";

export class Dialog {
  readonly element = make("dialog", { className: "sheet" });

  constructor(title: string, ...children: Node[]) {
    const heading = make("h2", { id: "dialog-title" }, title);
    this.element.setAttribute("aria-labelledby", heading.id);
    this.element.append(heading, ...children);
    this.element.addEventListener("close", () => this.element.remove());
  }

  open(): void {
    document.body.append(this.element);
    this.element.showModal();
  }

  close(): void {
    this.element.close();
  }
}

/** A button that does this when it is pressed. */
export function button(label: string, run: () => void, className = ""): HTMLButtonElement {
  const made = make("button", { type: "button", className }, label);
  made.addEventListener("click", run);
  return made;
}
