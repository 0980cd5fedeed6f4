/** Dropping on the picture: by click or tap, or by keyboard with a cursor. */
import { moved } from "../shared/cursor.js";
import { byId, setText } from "../shared/dom.js";
import { decimal } from "../shared/format.js";
import type { Scene } from "./scene.js";
import type { Drop, Shape } from "./shapes.js";

/** @param onDrop called with each drop, of the shape that is chosen */
export function listenForDrops(
  canvas: HTMLCanvasElement,
  scene: Scene,
  window: readonly [number, number],
  onDrop: (drop: Drop) => void,
): void {
  const shape = byId("shape", HTMLSelectElement);
  const spoken = byId("cursor-text", HTMLElement);
  let cursor = { x: 0, y: 0 };
  const drop = (x: number, y: number) => onDrop({ shape: shape.value as Shape, x, y });
  const show = (visible: boolean) => {
    scene.cursor = visible ? cursor : undefined;
    scene.redraw();
  };

  canvas.addEventListener("click", (event) => {
    const place = scene.placeOf(event);
    if (!place) return;
    cursor = { x: place[0], y: place[1] };
    drop(...place);
    // The pointer shows where it is by itself.
    show(false);
  });
  canvas.addEventListener("focus", () => show(canvas.matches(":focus-visible")));
  canvas.addEventListener("blur", () => show(false));
  canvas.addEventListener("keydown", (event) => {
    const next = moved(cursor, event, window);
    if (next) {
      cursor = next;
      setText(spoken, `Cursor at ${decimal(cursor.x, 1)}, ${decimal(cursor.y, 1)}`);
    } else if (event.key === " ") drop(cursor.x, cursor.y);
    else return;
    event.preventDefault();
    show(true);
  });
}
