/**
 * On a narrow screen the buttons of training stay at the lower edge, and with them one that brings the settings up
 * over the page, below the picture they change: the same form as in its card.
 */
import { byId } from "../shared/dom.js";
import { isHidden } from "./lesson.js";

/** As in density.css: below this the columns are one. */
const NARROW = "(max-width: 59.99rem)";

export function settingsSheet(): void {
  const settings = byId("settings-card", HTMLDetailsElement);
  const opener = byId("sheet", HTMLButtonElement);
  const narrow = matchMedia(NARROW);
  opener.hidden = isHidden(settings);

  const lower = () => {
    settings.classList.remove("raised");
    opener.setAttribute("aria-expanded", "false");
  };
  const close = () => {
    if (!settings.classList.contains("raised")) return;
    lower();
    settings.open = false;
    opener.focus();
  };
  opener.addEventListener("click", () => {
    if (settings.classList.contains("raised")) {
      close();
      return;
    }
    settings.open = true;
    settings.classList.add("raised");
    opener.setAttribute("aria-expanded", "true");
    settings.querySelector("summary")?.focus();
  });
  // Its own heading closes it, too.
  settings.addEventListener("toggle", () => {
    if (!settings.open) close();
  });
  settings.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  // On a wide screen it is a card again, as open as it is.
  narrow.addEventListener("change", lower);
}
