/** Light or dark: the system's choice until the reader makes one, which is then remembered in this browser. */
import { make } from "./dom.js";

const KEY = "fjordgpu-theme";
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

export type Theme = "light" | "dark";

function remembered(): Theme | undefined {
  // Storage may be forbidden altogether; then the choice lasts as long as the page.
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : undefined;
  } catch {
    return undefined;
  }
}

let choice = remembered();

export function theme(): Theme {
  return choice ?? (systemDark.matches ? "dark" : "light");
}

/** Calls back after every change of colours: what is painted on a canvas must be painted again. */
export function onThemeChange(listener: () => void): void {
  listeners.add(listener);
}

/** The value of a colour token, e.g. token("--ink"). */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Remembers no choice any more; on this page it holds on. */
export function forgetTheme(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // What is forbidden holds nothing.
  }
}

/** Turns the button into the theme switch. */
export function themeToggle(button: HTMLButtonElement): void {
  const apply = () => {
    if (choice) document.documentElement.dataset.theme = choice;
    const other = theme() === "dark" ? "Light" : "Dark";
    button.replaceChildren(other, make("span", { className: "visually-hidden" }, " theme"));
    for (const listener of listeners) listener();
  };
  button.addEventListener("click", () => {
    choice = theme() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // Remembered for this page only.
    }
    apply();
  });
  systemDark.addEventListener("change", apply);
  apply();
}
