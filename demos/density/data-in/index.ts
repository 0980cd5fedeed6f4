/**
 * Ways for the reader's own points: the pad, a file, a drop, a paste. What reads and draws is fetched when it is first
 * wanted.
 */
import { byId } from "../../shared/dom.js";
import type { OwnData } from "../sets.js";

export interface DataInHooks {
  readonly onUse: (own: OwnData) => void;
  /** A model file was dropped or chosen. */
  readonly onWeights: (bytes: Uint8Array<ArrayBuffer>, name: string) => void;
  readonly onTrouble: (title: string, text: string) => void;
}

export function dataIn(hooks: DataInHooks): void {
  const draw = byId("draw", HTMLButtonElement);
  const input = byId("open-file", HTMLInputElement);
  const card = byId("data-card", HTMLElement);
  const openPad = async () => (await import("./draw-dialog.js")).openDrawing(hooks.onUse);
  draw.addEventListener("click", openPad);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "d" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isBusy(event.target) || draw.closest("[hidden]")) return;
    event.preventDefault();
    void openPad();
  });
  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    if (file) await openFile(file, hooks);
    // The same file can be chosen again, after it was repaired.
    input.value = "";
  });

  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    card.classList.add("dropping");
  });
  for (const type of ["dragleave", "drop"]) {
    document.addEventListener(type, () => card.classList.remove("dropping"));
  }
  document.addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    void openFile(file, hooks);
  });
  document.addEventListener("paste", (event) => {
    if (isBusy(event.target)) return;
    const file = event.clipboardData?.files[0];
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (file) void openFile(file, hooks);
    // One line without numbers is not meant for this page.
    else if (/\d/.test(text) && /\n/.test(text.trim())) {
      void openBytes(new TextEncoder().encode(text), "the clipboard", hooks);
    }
  });
}

/** Whether keys and pasted text belong to a field or to an open dialog. */
function isBusy(target: EventTarget | null): boolean {
  const inField = target instanceof Element && target.closest("input:not([type=radio]), select, textarea");
  return Boolean(inField) || document.querySelector("dialog[open]") !== null;
}

async function openFile(file: File, hooks: DataInHooks): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (/\.safetensors$/i.test(file.name)) hooks.onWeights(bytes, file.name);
  else await openBytes(bytes, file.name, hooks);
}

async function openBytes(bytes: Uint8Array, name: string, hooks: DataInHooks): Promise<void> {
  const [{ readTable, sentenceOf }, { openTable }] = await Promise.all([
    import("./table.js"),
    import("./upload-dialog.js"),
  ]);
  try {
    openTable(readTable(bytes, name), hooks.onUse);
  } catch (error) {
    hooks.onTrouble("This file cannot be read as points.", sentenceOf(error));
  }
}
