/** The settings of the page: its controls, and the address that carries them to others. */
import { byId, setText } from "../shared/dom.js";
import { decimal } from "../shared/format.js";
import { passage, passageOf, passageText } from "./passage.js";
import { type FieldKind, INDEPENDENT, type Independent, type Passage, type Place } from "./protocol.js";

/** What a change asks for: all anew, another time, another number of probes a solve, or other lines alone. */
export type Change = "place" | "time" | "probes" | "kinds";

/** In the address. */
const CHOSEN = "at";

export class Settings {
  readonly #dim = byId("dim", HTMLSelectElement);
  readonly #field = byId("field", HTMLSelectElement);
  readonly #point = byId("point", HTMLInputElement);
  readonly #t = byId("t", HTMLInputElement);
  readonly #probes = byId("probes", HTMLSelectElement);
  readonly #ticks = INDEPENDENT.map((name) => byId(name, HTMLInputElement));
  #chosen: Passage | undefined;

  /** @param onChange called after every change by the reader */
  constructor(onChange: (change: Change) => void) {
    this.#fromAddress(new URLSearchParams(location.search));
    this.#arrange();
    const listen = (control: HTMLElement, change: Change) =>
      control.addEventListener("change", () => {
        this.#arrange();
        this.#toAddress();
        onChange(change);
      });
    for (const control of [this.#dim, this.#field]) listen(control, "place");
    let valid = this.#point.value;
    this.#point.addEventListener("change", () => {
      // What cannot be used goes back to what was there.
      if (this.#point.value === "" || !this.#point.checkValidity()) this.#point.value = valid;
      valid = this.#point.value;
      this.#chosen = undefined;
    });
    listen(this.#point, "place");
    this.#t.addEventListener("input", () => this.#arrange());
    listen(this.#t, "time");
    listen(this.#probes, "probes");
    for (const tick of this.#ticks) listen(tick, "kinds");
    byId("next", HTMLButtonElement).addEventListener("click", () => {
      this.#point.value = valid = String((Number(this.#point.value) + 1) % 1000);
      this.#chosen = undefined;
      this.#toAddress();
      onChange("place");
    });
  }

  /** Takes the point that is at (x, y) at the time shown, in place of a sample. */
  choose(x: number, y: number): void {
    this.#chosen = passage(x, y, this.t);
    this.#toAddress();
  }

  get place(): Place {
    const dim = Number(this.#dim.value);
    return {
      dim,
      field: this.#field.value as FieldKind,
      point: Number(this.#point.value),
      chosen: dim === 2 ? this.#chosen : undefined,
      url: new URL("../models/moons.safetensors", location.href).href,
    };
  }

  get t(): number {
    return Number(this.#t.value);
  }

  /** Probes of a solve. */
  get probes(): number {
    return Number(this.#probes.value);
  }

  /** What is to be shown. */
  get kinds(): Independent[] {
    return INDEPENDENT.filter((_, i) => this.#ticks[i]!.checked);
  }

  /** Keeps the choices together that go together. */
  #arrange(): void {
    const trainable = this.#dim.value === "2";
    for (const option of this.#field.options) option.disabled = option.value === "trained" && !trainable;
    if (!trainable && this.#field.value === "trained") this.#field.value = "random";
    // Without any there would be nothing to see.
    const ticked = this.#ticks.filter(({ checked }) => checked);
    for (const tick of this.#ticks) tick.disabled = ticked.length === 1 && tick.checked;
    const t = decimal(this.t, 2);
    const name = this.t === 0 ? ", data" : this.t === 1 ? ", noise" : "";
    setText(byId("t-text", HTMLElement), `t = ${t}${name}`);
    this.#t.setAttribute("aria-valuetext", `t = ${t}${name}`);
  }

  #toAddress(): void {
    const address = new URLSearchParams(location.search);
    const { dim, field, point, chosen } = this.place;
    const entries = { dim, field, point, t: this.t, probes: this.probes, kinds: this.kinds.join(".") };
    for (const [name, value] of Object.entries(entries)) address.set(name, String(value));
    if (chosen) address.set(CHOSEN, passageText(chosen));
    else address.delete(CHOSEN);
    history.replaceState(null, "", `?${address}`);
  }

  /** What the address says and can be used; the rest keeps its default. */
  #fromAddress(address: URLSearchParams): void {
    for (const menu of [this.#dim, this.#field, this.#probes]) {
      const wanted = address.get(menu.id);
      if ([...menu.options].some(({ value }) => value === wanted)) menu.value = wanted!;
    }
    for (const input of [this.#point, this.#t]) {
      const text = address.get(input.id);
      const value = Number(text);
      if (text && value >= Number(input.min) && value <= Number(input.max)) input.value = text;
    }
    this.#chosen = passageOf(address.get(CHOSEN));
    const kinds = INDEPENDENT.map((name) => address.get("kinds")?.split(".").includes(name) ?? true);
    this.#ticks.forEach((tick, i) => {
      tick.checked = kinds[i]! || !kinds.includes(true);
    });
  }
}
