/** Ways for a file into a page: chosen, dropped anywhere, or pasted. */

export interface FileIn {
  readonly input: HTMLInputElement;
  /** Whether files and pasted text are welcome now; default always. */
  readonly isOpen?: () => boolean;
  /** Gets the class "dropping" while a file is held over the page. */
  readonly area: HTMLElement;
  readonly onFile: (file: File) => void;
  /** Pasted text that is no file and that no field wants. */
  readonly onText?: (text: string) => void;
}

export function listenForFiles({ input, area, isOpen = () => true, onFile, onText }: FileIn): void {
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) onFile(file);
    // The same file can be chosen again, after it was repaired. What was chosen stays readable.
    input.value = "";
  });
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files") || !isOpen()) return;
    event.preventDefault();
    area.classList.add("dropping");
  });
  for (const type of ["dragleave", "drop"]) {
    document.addEventListener(type, () => area.classList.remove("dropping"));
  }
  document.addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    if (!file || !isOpen()) return;
    event.preventDefault();
    onFile(file);
  });
  document.addEventListener("paste", (event) => {
    if (isBusy(event.target) || !isOpen()) return;
    const file = event.clipboardData?.files[0];
    if (file) onFile(file);
    else onText?.(event.clipboardData?.getData("text/plain") ?? "");
  });
}

/** Whether keys and pasted text belong to a field or to an open dialog. */
export function isBusy(target: EventTarget | null): boolean {
  const inField =
    target instanceof Element &&
    target.closest("input:not([type=radio], [type=checkbox], [type=range]), select, textarea");
  return Boolean(inField) || document.querySelector("dialog[open]") !== null;
}
