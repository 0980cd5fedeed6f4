/** Keys of the whole page, where no control and no dialog wants them for itself, and the dialog that lists them. */
import { byId } from "../shared/dom.js";

export interface KeyActions {
  readonly go: () => void;
  readonly single: () => void;
  readonly reset: () => void;
  /** Slow motion, where the page has it. */
  readonly slow?: () => void;
  /** Through time: -1 towards noise, 1 towards data. */
  readonly nudge: (steps: number) => void;
}

/** @returns what opens the dialog */
export function listen({ go, single, reset, slow, nudge }: KeyActions): void {
  const dialog = byId("keys", HTMLDialogElement);
  const help = () => {
    if (!dialog.open) dialog.showModal();
  };
  byId("help", HTMLButtonElement).addEventListener("click", help);
  const actions = new Map<string, () => void>([
    [" ", go],
    ["s", single],
    ["r", reset],
    ["ArrowLeft", () => nudge(-1)],
    ["ArrowRight", () => nudge(1)],
    ["?", help],
  ]);
  if (slow) actions.set("m", slow);
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    if (target instanceof Element && wants(target, key)) return;
    const action = actions.get(key.length === 1 ? key.toLowerCase() : key);
    if (!action || (event.repeat && !key.startsWith("Arrow"))) return;
    event.preventDefault();
    action();
  });
}

/** Whether a control has a use of its own for the key. */
function wants(element: Element, key: string): boolean {
  if (element.closest("textarea, select, [contenteditable], [role=slider]")) return true;
  const input = element.closest("input");
  if (input && ["checkbox", "radio"].includes(input.type)) return key === " " || key.startsWith("Arrow");
  if (input?.type === "range") return key.startsWith("Arrow");
  if (input) return true;
  return key === " " && element.closest("button, a, summary") !== null;
}
