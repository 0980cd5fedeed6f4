/** Text to the clipboard, or, where that is closed to the page, selected for the reader to copy. */

/** @param area shown with the text where the clipboard is closed; returns whether the clipboard took it */
export async function copyText(text: string, area: HTMLTextAreaElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    area.value = text;
    area.hidden = false;
    area.focus();
    area.select();
    return false;
  }
}
