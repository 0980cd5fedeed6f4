/**
 * What a teacher's link adds: `lesson=` hides parts of the page and single settings by name, e.g.
 * lesson=data,results,lr,batch; `text=` shows a task below the title.
 */
import { byId, setText } from "../shared/dom.js";

/** Parts of the page by name, with what they are called; single settings go by their key, e.g. "lr". */
export const PARTS: Readonly<Record<string, readonly [title: string, selector: string]>> = {
  time: ["Time", ".travel"],
  layers: ["Layers", ".layers, .layers-help"],
  slow: ["Slow motion", "#slow"],
  pace: ["Steps per picture", ".pace"],
  numbers: ["Numbers", ".numbers-card"],
  chart: ["Curves", ".chart"],
  data: ["Data", "#data-card"],
  own: ["Own data", "#own-ways"],
  check: ["Check", ".check"],
  point: ["At a point", ".point"],
  settings: ["Settings", ".settings"],
  results: ["Share and save", "#results"],
  explanation: ["Explanation", ".prose"],
};

export const LONGEST_TEXT = 600;

/** Hides and shows what the address asks for. @returns names that the page does not know, e.g. "lesson=dta" */
export function applyLesson(search: string): string[] {
  const { hidden, text } = lessonOf(search);
  if (text) {
    const place = byId("lesson-text", HTMLElement);
    setText(place, text);
    place.hidden = false;
  }
  const unknown: string[] = [];
  for (const name of hidden) {
    const parts = Object.hasOwn(PARTS, name)
      ? [...document.querySelectorAll(PARTS[name]![1])]
      : [document.getElementById(`setting-${name}`)?.closest(".field")];
    for (const part of parts) part?.classList.add("lesson-hidden");
    if (!parts[0]) unknown.push(`lesson=${name}`);
  }
  return unknown;
}

/** Whether a lesson, or the page itself, hides this element. */
export function isHidden(element: Element): boolean {
  return element.closest("[hidden], .lesson-hidden") !== null;
}

/** What a lesson hides, by name, and what it says. */
export interface Lesson {
  readonly hidden: readonly string[];
  readonly text: string;
}

export function lessonOf(search: string): Lesson {
  const asked = new URLSearchParams(search);
  const hidden = asked.get("lesson")?.split(",") ?? [];
  return { hidden, text: (asked.get("text") ?? "").slice(0, LONGEST_TEXT) };
}

/** The part of the address that a link to the lesson has, "" or "?lesson=…". */
export function lessonQuery({ hidden, text }: Lesson): string {
  const parts = new URLSearchParams();
  if (hidden.length > 0) parts.set("lesson", hidden.join(","));
  if (text) parts.set("text", text);
  // Commas may stand in an address as they are, and can be read there.
  return parts.size > 0 ? `?${String(parts).replaceAll("%2C", ",")}` : "";
}
