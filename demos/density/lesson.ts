/**
 * What a teacher's link adds: `lesson=` hides parts of the page and single settings by name, e.g.
 * lesson=data,results,lr,batch; `text=` shows a task below the title.
 */
import { byId, setText } from "../shared/dom.js";

/** Parts of the page by name; single settings go by their key, e.g. "lr". */
const PARTS: Readonly<Record<string, string>> = {
  data: "#data-card",
  own: "#own-ways",
  settings: ".settings",
  results: "#results",
  numbers: ".numbers-card",
  chart: ".chart",
  explanation: ".prose",
};

const LONGEST_TEXT = 600;

/** Hides and shows what the address asks for. @returns names that the page does not know, e.g. "lesson=dta" */
export function applyLesson(search: string): string[] {
  const asked = new URLSearchParams(search);
  const text = asked.get("text");
  if (text) {
    const place = byId("lesson-text", HTMLElement);
    setText(place, text.slice(0, LONGEST_TEXT));
    place.hidden = false;
  }
  const unknown: string[] = [];
  for (const name of asked.get("lesson")?.split(",") ?? []) {
    const part = Object.hasOwn(PARTS, name)
      ? document.querySelector(PARTS[name]!)
      : document.getElementById(`setting-${name}`)?.closest(".field");
    if (part) part.classList.add("lesson-hidden");
    else unknown.push(`lesson=${name}`);
  }
  return unknown;
}

/** The part of the address that a copied link keeps, "" or "?lesson=…". */
export function lessonQuery(search: string): string {
  const kept = [...new URLSearchParams(search)].filter(([key]) => key === "lesson" || key === "text");
  return kept.length > 0 ? `?${new URLSearchParams(kept)}` : "";
}
