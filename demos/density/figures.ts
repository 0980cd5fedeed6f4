/**
 * The figures of the explanation, made live: points under the time slider, the area of the ring that was dropped, the
 * run's own curve. Each stays as it is in the page until there is something to show; nothing moves of its own accord.
 */
import { setText } from "../shared/dom.js";
import type { Row } from "./history.js";

export interface Lesson {
  readonly rows: readonly Row[];
  /** The entropy of the data in nats, where it is known. */
  readonly floor: number | undefined;
}

const SVG = "http://www.w3.org/2000/svg";
/** Points of a curve. */
const MOST = 80;

/** @param lesson the run as it is now */
export function enliven(lesson: () => Lesson): void {
  const field = document.getElementById("figure-field")!;
  const time = document.getElementById("time") as HTMLInputElement;
  const travel = movePoints(field);
  // Playing sets the slider without an event: look at it while the figure can be seen.
  whileSeen(field, () => !time.disabled && travel(1 - Number(time.value)));

  const area = document.getElementById("figure-area")!;
  const measured = document.getElementById("ring-measured")!;
  onText(measured, () => showArea(area, Number(/[\d.]+/.exec(measured.textContent ?? "")?.[0])));

  const curve = document.getElementById("figure-curve")!;
  onText(document.getElementById("value-step")!, () => showCurve(curve, lesson()));
}

function whileSeen(element: Element, show: () => void): void {
  let frame = 0;
  const next = () => {
    show();
    frame = requestAnimationFrame(next);
  };
  new IntersectionObserver((entries) => {
    cancelAnimationFrame(frame);
    if (entries.at(-1)!.isIntersecting) next();
  }).observe(element);
}

/** Now, and whenever the text changes. */
function onText(element: Element, show: () => void): void {
  new MutationObserver(show).observe(element, { childList: true, characterData: true, subtree: true });
  show();
}

/** Points that go from the data of the figure to its noise. @returns what moves them: 0 is data, 1 is noise */
function movePoints(figure: Element): (share: number) => void {
  const places = (name: string) =>
    [...figure.querySelectorAll(`.${name}`)]
      .map((dot) => [Number(dot.getAttribute("cx")), Number(dot.getAttribute("cy"))] as const)
      // From top to top and bottom to bottom: as in a flow, few ways cross.
      .sort(([, a], [, b]) => a - b);
  const [data, noise] = [places("fig-data"), places("fig-noise")];
  const dots = data.map(() => {
    const dot = document.createElementNS(SVG, "circle");
    dot.setAttribute("class", "fig-moving");
    dot.setAttribute("r", "2.4");
    return dot;
  });
  let shown = -1;
  return (share) => {
    if (share === shown) return;
    if (shown < 0) {
      figure.append(...dots);
      figure.classList.add("live");
    }
    shown = share;
    dots.forEach((dot, i) => {
      const [from, to] = [data[i]!, noise[i]!];
      for (const [axis, name] of (["cx", "cy"] as const).entries()) {
        dot.setAttribute(name, (from[axis]! + share * (to[axis]! - from[axis]!)).toFixed(1));
      }
    });
  };
}

/** @param factor by which the ring's area has grown; NaN: there is no ring */
function showArea(figure: Element, factor: number): void {
  if (!(factor > 0)) return;
  // As drawn it is twice the square; what would not fit is drawn smaller, the number beside it is right.
  const scale = Math.min(1.25, Math.max(0.2, Math.sqrt(factor / 2)));
  const shape = figure.querySelector(".fig-thin")!;
  shape.setAttribute("transform", `translate(268 58) scale(${scale.toFixed(3)}) translate(-268 -58)`);
  shape.setAttribute("fill-opacity", Math.min(0.95, 0.8 / factor).toFixed(2));
  const times = factor.toFixed(2);
  setText(figure.querySelector(".fig-result")!, `your ring: area A × ${times}, p ÷ ${times}`);
}

function showCurve(figure: Element, { rows, floor }: Lesson): void {
  const judged = rows.filter(({ heldOut }) => heldOut !== null);
  const points = (judged.length > 1 ? judged : rows.filter(({ loss }) => loss !== null)).map((row) => ({
    step: row.step,
    nats: row.heldOut ?? row.loss!,
  }));
  if (points.length < 2) return;
  const every = Math.ceil(points.length / MOST);
  const some = points.filter((_, i) => (points.length - 1 - i) % every === 0);
  const [first, last] = [some[0]!, some.at(-1)!];
  const top = Math.max(...some.map(({ nats }) => nats));
  const bottom = Math.min(floor ?? Number.POSITIVE_INFINITY, ...some.map(({ nats }) => nats));
  const x = (step: number) => 42 + (296 * (step - first.step)) / Math.max(1, last.step - first.step);
  const y = (nats: number) => 92 - (78 * (nats - bottom)) / Math.max(1e-6, top - bottom);
  const set = (name: string, path: string) => figure.querySelector(name)!.setAttribute("d", path);
  const line = some.map(({ step, nats }) => `${x(step).toFixed(1)} ${y(nats).toFixed(1)}`).join(" L ");
  set(".fig-line", `M ${line}`);
  set(".fig-floor", floor === undefined ? "" : `M 42 ${y(floor)} H 338`);
  set(".fig-gap", floor === undefined ? "" : `M 330 ${y(last.nats).toFixed(1)} V ${y(floor)}`);
  for (const label of figure.querySelectorAll(".fig-left")) {
    label.toggleAttribute("hidden", floor === undefined);
  }
  setText(figure.querySelector(".fig-result")!, `your run: steps ${first.step} to ${last.step}`);
}
