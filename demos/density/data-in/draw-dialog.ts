/** Drawing a data set: with mouse, pen or finger, or with the keyboard alone. */
import { colorAt } from "../../shared/colormap.js";
import { moved } from "../../shared/cursor.js";
import { make, setText } from "../../shared/dom.js";
import { decimal, integer } from "../../shared/format.js";
import { FEWEST_POINTS } from "../link.js";
import { DRAWING_WINDOW, type OwnData } from "../sets.js";
import { button, Dialog } from "./dialog.js";
import { Drawing, dabsBetween, inkOf } from "./drawing.js";
import { Stroke } from "./stroke.js";

/** Points that one dab of a mouse puts down. */
const INK = 3;
/** Dabs' worth of points in one stamp of the keyboard. */
const STAMP = 8;
/** Backing pixels of the canvas, for screens of two pixels a CSS pixel. */
const SIDE = 960;
const [LOW, HIGH] = DRAWING_WINDOW;

/** Kept when the dialog is closed, so that it can be gone on with. */
const drawing = new Drawing(DRAWING_WINDOW);

/** @param onUse called with the drawing */
export function openDrawing(onUse: (own: OwnData) => void): void {
  const canvas = make("canvas", { className: "pad", width: SIDE, height: SIDE, tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", "Drawing area");
  canvas.setAttribute("aria-describedby", "draw-help");
  canvas.dataset.testid = "pad";
  const context = canvas.getContext("2d")!;
  const count = make("span", { className: "soft" });
  count.setAttribute("role", "status");
  count.dataset.testid = "pad-count";
  const spoken = make("span", { className: "visually-hidden" });
  spoken.setAttribute("role", "status");
  spoken.dataset.testid = "pad-cursor";
  const size = make("input", {
    type: "range",
    id: "draw-size",
    min: "0.1",
    max: "1",
    step: "0.05",
    value: "0.3",
  });
  const tools = (["Brush", "Eraser"] as const).map((label) =>
    make("input", { type: "radio", name: "tool", value: label, checked: label === "Brush" }),
  );
  const stroke = new Stroke();
  const isEraser = () => stroke.erases || tools[1]!.checked;
  let cursor = { x: 0, y: 0 };
  /** Whether the ring that shows the tip is of use: the pointer is here, or the keyboard. */
  let shown = false;

  const undo = button("Undo", () => change(() => drawing.undo()));
  const redo = button("Redo", () => change(() => drawing.redo()));
  const clear = button("Clear", () => change(() => drawing.clear()));
  const use = button("Use it", finish, "primary");

  function finish(): void {
    dialog.close();
    onUse({ kind: "drawn", title: "Your drawing", points: drawing.points.slice(), columns: ["x", "y"] });
  }

  function change(work: () => void): void {
    work();
    paint();
  }

  function dab(at: { x: number; y: number }, amount: number): void {
    const tip = { ...at, radius: Number(size.value) };
    if (isEraser()) drawing.erase(tip);
    else drawing.brush(tip, amount);
  }

  function placeOf(event: PointerEvent): { x: number; y: number } {
    const box = canvas.getBoundingClientRect();
    return {
      x: LOW + ((event.clientX - box.left) / box.width) * (HIGH - LOW),
      y: HIGH - ((event.clientY - box.top) / box.height) * (HIGH - LOW),
    };
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!stroke.begin(event)) return;
    canvas.setPointerCapture(event.pointerId);
    drawing.beginStroke();
    cursor = placeOf(event);
    change(() => dab(cursor, INK * inkOf(event.pressure)));
  });
  canvas.addEventListener("lostpointercapture", (event) => change(() => stroke.end(event)));
  canvas.addEventListener("pointermove", (event) => {
    const draws = stroke.draws(event);
    if (draws === undefined) return;
    shown = true;
    // Events that came together within one frame would otherwise leave corners in a quick stroke.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length > 0 ? events : [event]) {
      const next = placeOf(one);
      if (draws) {
        for (const at of dabsBetween(cursor, next, Number(size.value))) dab(at, INK * inkOf(one.pressure));
      }
      cursor = next;
    }
    paint();
  });
  canvas.addEventListener("pointerleave", () => {
    shown = document.activeElement === canvas;
    paint();
  });
  canvas.addEventListener("focus", () => change(() => (shown = true)));
  canvas.addEventListener("blur", () => change(() => (shown = false)));
  canvas.addEventListener("keydown", (event) => {
    const next = moved(cursor, event, DRAWING_WINDOW);
    if (next) {
      cursor = next;
      setText(spoken, `Cursor at ${decimal(cursor.x, 1)}, ${decimal(cursor.y, 1)}`);
    } else if (event.key === " ") {
      drawing.beginStroke();
      dab(cursor, STAMP * INK);
    } else if (event.key.toLowerCase() === "e" && !event.ctrlKey && !event.metaKey) {
      tools[isEraser() ? 0 : 1]!.checked = true;
    } else return;
    event.preventDefault();
    paint();
  });

  function paint(): void {
    const scale = SIDE / (HIGH - LOW);
    context.fillStyle = colorAt(0);
    context.fillRect(0, 0, SIDE, SIDE);
    context.fillStyle = colorAt(0.9);
    const { points } = drawing;
    for (let i = 0; i < points.length; i += 2) {
      context.fillRect((points[i]! - LOW) * scale - 2.5, (HIGH - points[i + 1]!) * scale - 2.5, 5, 5);
    }
    if (shown) {
      context.strokeStyle = isEraser() ? "#ffa45c" : "#ffffff";
      context.lineWidth = 3;
      context.beginPath();
      context.arc((cursor.x - LOW) * scale, (HIGH - cursor.y) * scale, Number(size.value) * scale, 0, 7);
      context.stroke();
    }
    setText(count, drawing.count === 1 ? "1 point" : `${integer(drawing.count)} points`);
    undo.disabled = !drawing.canUndo;
    redo.disabled = !drawing.canRedo;
    clear.disabled = drawing.count === 0;
    use.disabled = drawing.count < FEWEST_POINTS;
  }

  const dialog = new Dialog(
    "Draw your own data",
    make(
      "p",
      { className: "hint", id: "draw-help" },
      "Draw with mouse, pen or finger; a pen pressed harder leaves more points, and its other end erases. By keyboard: " +
        "arrow keys move the ring, with Shift farther; Space puts points, E changes between brush and eraser; Ctrl+Z " +
        "undoes, Ctrl+Y does it again.",
    ),
    make("div", { className: "pad-box" }, canvas),
    make(
      "div",
      { className: "row" },
      ...tools.map((tool) => make("label", { className: "tick" }, tool, tool.value)),
      make("label", { className: "pad-size", htmlFor: size.id }, "Size", size),
    ),
    make("div", { className: "row" }, undo, redo, clear, count, spoken),
    make(
      "div",
      { className: "row" },
      use,
      button("Cancel", () => dialog.close()),
    ),
  );
  dialog.element.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y")) return;
    event.preventDefault();
    change(() => (key === "y" || event.shiftKey ? drawing.redo() : drawing.undo()));
  });
  for (const input of [size, ...tools]) input.addEventListener("input", paint);
  paint();
  dialog.open();
  canvas.focus({ preventScroll: true });
}
