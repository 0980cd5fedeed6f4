/**
 * Some systems hand the browser a language that is no valid tag ("en-US@posix"), at which Intl, and with it uPlot
 * while it loads, throws. To be imported before uPlot.
 */
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en", configurable: true });
}
