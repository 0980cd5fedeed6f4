/** How a density is coloured, and the legend that says what its colours mean. */
import { colorAt, LOG_RANGE } from "./colormap.js";
import { make } from "./dom.js";
import { decimal } from "./format.js";

/** "linear": colour follows p. "log": colour follows log p, over the nats below its maximum. */
export type HeatScale = "linear" | "log";

/** Fills `host` with a bar of the colour map and log p in nats at five places. */
export function legend(host: HTMLElement, peak: number | undefined, scale: HeatScale): void {
  const stops = Array.from({ length: 17 }, (_, i) => colorAt(i / 16)).join(", ");
  const bar = make("div", { className: "legend-bar" });
  bar.style.background = `linear-gradient(to right, ${stops})`;
  const ticks = make("div", { className: "legend-ticks" });
  for (const x of [0, 0.25, 0.5, 0.75, 1]) {
    const below = scale === "linear" ? Math.log(x) : LOG_RANGE * (x - 1);
    const text = peak === undefined ? "" : decimal(peak + below, 1);
    ticks.append(make("span", {}, scale === "log" && x === 0 && text ? `≤ ${text}` : text));
  }
  host.replaceChildren(bar, ticks);
}
