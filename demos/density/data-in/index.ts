/**
 * Ways for the reader's own points: the pad, a file, a drop, a paste. What reads and draws is fetched when it is first
 * wanted.
 */
import { byId } from "../../shared/dom.js";
import { isBusy, listenForFiles } from "../../shared/file-in.js";
import { isHidden } from "../lesson.js";
import type { readSettings } from "../results/settings.js";
import type { OwnData } from "../sets.js";

export interface DataInHooks {
  readonly onUse: (own: OwnData) => void;
  /** A model file was dropped or chosen. */
  readonly onWeights: (bytes: Uint8Array<ArrayBuffer>, name: string) => void;
  /** A file of settings was dropped or chosen. */
  readonly onSettings: (settings: NonNullable<ReturnType<typeof readSettings>>) => void;
  readonly onTrouble: (title: string, text: string) => void;
}

export function dataIn(hooks: DataInHooks): void {
  const draw = byId("draw", HTMLButtonElement);
  const input = byId("open-file", HTMLInputElement);
  const card = byId("data-card", HTMLElement);
  /** A lesson may have hidden these ways; then there are no others either. */
  const isOpen = () => !isHidden(draw);
  const openPad = async () => (await import("./draw-dialog.js")).openDrawing(hooks.onUse);
  draw.addEventListener("click", openPad);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "d" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isBusy(event.target) || !isOpen()) return;
    event.preventDefault();
    void openPad();
  });
  listenForFiles({
    input,
    area: card,
    isOpen,
    onFile: (file) => void openFile(file, hooks),
    onText: (text) => {
      // One line without numbers is not meant for this page.
      if (!/\d/.test(text) || !/\n/.test(text.trim())) return;
      void openBytes(new TextEncoder().encode(text), "the clipboard", hooks);
    },
  });
}

async function openFile(file: File, hooks: DataInHooks): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const settings = /\.json$/i.test(file.name) && (await settingsIn(bytes));
  if (settings) hooks.onSettings(settings);
  else if (/\.safetensors$/i.test(file.name)) hooks.onWeights(bytes, file.name);
  else await openBytes(bytes, file.name, hooks);
}

async function settingsIn(bytes: Uint8Array) {
  const { readSettings } = await import("../results/settings.js");
  return readSettings(new TextDecoder().decode(bytes));
}

async function openBytes(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  { onUse, onTrouble }: DataInHooks,
): Promise<void> {
  const { openTable } = await import("./upload-dialog.js");
  openTable(bytes, name, {
    onUse,
    onTrouble: (words) => onTrouble("This file cannot be read as points.", words),
  });
}
