/** A place that was chosen, as the address has it: x_y_t. */
import { type Passage, WINDOW } from "./protocol.js";

/** The passage through (x, y) at time t, with no more digits than the address gives back. */
export function passage(x: number, y: number, t: number): Passage {
  const short = (value: number) => Number(value.toFixed(3));
  return { x: short(x), y: short(y), t: short(t) };
}

export function passageText({ x, y, t }: Passage): string {
  return [x, y, t].join("_");
}

/** Undefined where the text is no place of the picture. */
export function passageOf(text: string | null): Passage | undefined {
  if (!text || !/^-?[\d.]+_-?[\d.]+_[\d.]+$/.test(text)) return undefined;
  const [x, y, t] = text.split("_").map(Number) as [number, number, number];
  const [low, high] = WINDOW;
  const isInside = [x, y].every((value) => value >= low && value <= high) && t >= 0 && t <= 1;
  return isInside ? passage(x, y, t) : undefined;
}
