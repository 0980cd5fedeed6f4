/** Parts of a page are fetched when they are first wanted. Where that fails, the page says so and otherwise goes on. */
import type { Notice } from "./notice.js";

/** What Vite's loader of such parts announces in the built site. */
interface PreloadError extends Event {
  readonly payload: unknown;
}

export function sayMissingParts(notice: Notice): void {
  const said = new Set<unknown>();
  window.addEventListener("vite:preloadError", (event) => {
    said.add((event as PreloadError).payload);
    notice.show(
      "A part of this page could not be fetched.",
      "Everything else goes on. Check the connection, then try again; if the site is newer than this page, reload it.",
      { label: "Close", run: () => notice.hide() },
    );
  });
  // Those who wanted the part fail with the same error, which has been told.
  window.addEventListener("unhandledrejection", (event) => {
    if (said.has(event.reason)) event.preventDefault();
  });
}
