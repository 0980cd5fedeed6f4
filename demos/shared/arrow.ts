/** Heads of arrows: two strokes at the tip. */

/** Radians between an arrow and the strokes of its head. */
const TURN = 2.6;

/** Adds an arrow to the path of `context`. @param head length of its strokes, at most 0.45 of the arrow */
export function arrowPath(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  head: number,
): void {
  const length = Math.min(head, 0.45 * Math.hypot(x1 - x0, y1 - y0));
  const angle = Math.atan2(y1 - y0, x1 - x0);
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  for (const turn of [-TURN, TURN]) {
    context.moveTo(x1, y1);
    context.lineTo(x1 + length * Math.cos(angle + turn), y1 + length * Math.sin(angle + turn));
  }
}
