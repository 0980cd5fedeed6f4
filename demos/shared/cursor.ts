/** A cursor on a picture, for those who place things by keyboard. */

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** In data units. */
const STEP = 0.1;
const LONG_STEP = 0.5;
const MOVES: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** Where an arrow key takes the cursor, farther with Shift, within [low, high]²; undefined for other keys. */
export function moved(
  { x, y }: Place,
  { key, shiftKey }: KeyboardEvent,
  [low, high]: readonly [number, number],
): Place | undefined {
  const move = MOVES[key];
  if (!move) return undefined;
  const step = shiftKey ? LONG_STEP : STEP;
  const clamp = (value: number) => Math.min(high, Math.max(low, value));
  return { x: clamp(x + step * move[0]), y: clamp(y + step * move[1]) };
}
