/** The settings of the page: its controls, and the address that carries them to others. */
import { METHOD_NAMES, METHODS, type MethodName } from "fjordgpu";
import { byId, make, setText } from "../shared/dom.js";
import { decimal } from "../shared/format.js";
import type { Engine, Settings } from "./protocol.js";
import { SYSTEM_NAMES, SYSTEMS, type SystemName, systemOf } from "./systems.js";

const DEFAULT_METHOD: MethodName = "dopri5";
const COMPARED: readonly MethodName[] = ["euler", "midpoint", "bosh3", "rk4", "dopri5", "dopri8"];

/** Bounds of the numbers that the reader types. */
const BOUNDS = { start: 10, t1: 50, steps: 2000 };

export class SettingsPanel {
  readonly #system = byId("system", HTMLSelectElement);
  readonly #parameter = byId("parameter", HTMLInputElement);
  readonly #x = byId("start-x", HTMLInputElement);
  readonly #y = byId("start-y", HTMLInputElement);
  readonly #t1 = byId("end", HTMLInputElement);
  readonly #method = byId("method", HTMLSelectElement);
  readonly #mode = byId("mode", HTMLSelectElement);
  readonly #tolerance = byId("tolerance", HTMLSelectElement);
  readonly #steps = byId("steps", HTMLInputElement);
  readonly #engine = byId("engine", HTMLSelectElement);
  readonly #compare = byId("compare", HTMLElement);

  /** @param onChange called after every change by the reader */
  constructor(readonly onChange: () => void) {
    this.#system.append(
      ...SYSTEM_NAMES.map((name) => make("option", { value: name, textContent: SYSTEMS[name].title })),
    );
    this.#method.append(
      ...METHOD_NAMES.map((name) => make("option", { value: name, textContent: methodTitle(name) })),
    );
    this.#method.value = DEFAULT_METHOD;
    for (const name of METHOD_NAMES) {
      const box = make("input", { type: "checkbox", value: name, checked: COMPARED.includes(name) });
      this.#compare.append(make("label", { className: "tick" }, box, name));
    }
    this.#system.addEventListener("change", () => {
      this.#startSystem();
      this.#changed();
    });
    this.#parameter.addEventListener("input", () => {
      this.#arrange();
      this.onChange();
    });
    // Browsers bound how often an address may change: not with every move of the slider.
    this.#parameter.addEventListener("change", () => this.#writeAddress());
    for (const control of [this.#method, this.#mode, this.#tolerance, this.#engine, this.#compare]) {
      control.addEventListener("change", () => this.#changed());
    }
    for (const field of [this.#x, this.#y, this.#t1, this.#steps]) {
      let valid = field.value;
      field.addEventListener("focus", () => {
        valid = field.value;
      });
      field.addEventListener("change", () => {
        // What cannot be used goes back to what was there.
        if (field.value === "" || !field.checkValidity()) field.value = valid;
        this.#changed();
      });
    }
    this.#startSystem();
    this.#fromAddress(new URLSearchParams(location.search));
    this.#arrange();
  }

  get(): Settings {
    return {
      system: this.#system.value as SystemName,
      p: Number(this.#parameter.value),
      x: Number(this.#x.value),
      y: Number(this.#y.value),
      t1: Number(this.#t1.value),
      method: this.#method.value as MethodName,
      mode: this.#mode.value as Settings["mode"],
      tolerance: Number(this.#tolerance.value),
      steps: Number(this.#steps.value),
      engine: this.#engine.value as Engine,
      compare: this.#boxes()
        .filter(({ checked }) => checked)
        .map(({ value }) => value as MethodName),
    };
  }

  /** Moves the start of the solve, as by a click into the picture. */
  start(x: number, y: number): void {
    this.#x.value = String(Math.round(100 * x) / 100);
    this.#y.value = String(Math.round(100 * y) / 100);
    this.#changed();
  }

  /** Names the engine that has to be used. */
  useCpu(): void {
    this.#engine.value = "cpu";
    for (const option of this.#engine.options) option.disabled = option.value === "gpu";
  }

  #boxes(): HTMLInputElement[] {
    return [...this.#compare.querySelectorAll("input")];
  }

  #changed(): void {
    this.#arrange();
    this.#writeAddress();
    this.onChange();
  }

  #writeAddress(): void {
    history.replaceState(null, "", `?${this.#toAddress()}`);
  }

  /** The numbers a system begins with. */
  #startSystem(): void {
    const system = systemOf(this.#system.value as SystemName);
    const { parameter } = system;
    if (parameter) {
      Object.assign(this.#parameter, {
        min: String(parameter.min),
        max: String(parameter.max),
        step: String(parameter.step),
      });
      this.#parameter.value = String(parameter.value);
    } else {
      this.#parameter.value = this.#parameter.min;
    }
    this.#x.value = String(system.z0[0]);
    this.#y.value = String(system.z0[1]);
    this.#t1.value = String(system.t1);
  }

  /** Shows what goes with the choices made, and hides the rest. */
  #arrange(): void {
    const { parameter, equation, equations } = systemOf(this.#system.value as SystemName);
    setText(byId("equation", HTMLElement), equation);
    byId("parameter-field", HTMLElement).hidden = !parameter;
    byId("end-field", HTMLElement).hidden = !equations;
    if (parameter) {
      setText(byId("parameter-label", HTMLElement), parameter.label);
      setText(byId("parameter-help", HTMLElement), parameter.help);
      setText(byId("parameter-value", HTMLElement), decimal(Number(this.#parameter.value), 2));
    }
    const canAdapt = METHODS[this.#method.value as MethodName].e !== undefined;
    for (const option of this.#mode.options) option.disabled = option.value === "adaptive" && !canAdapt;
    if (!canAdapt) this.#mode.value = "fixed";
    byId("tolerance-field", HTMLElement).hidden = this.#mode.value === "fixed";
    byId("steps-field", HTMLElement).hidden = this.#mode.value !== "fixed";
  }

  #toAddress(): URLSearchParams {
    const { system, p, x, y, t1, method, mode, tolerance, steps, engine, compare } = this.get();
    const entries = {
      system,
      p,
      x,
      y,
      t1,
      method,
      mode,
      tolerance,
      steps,
      engine,
      compare: compare.join("."),
    };
    return new URLSearchParams(Object.entries(entries).map(([name, value]) => [name, String(value)]));
  }

  /** What the address says and can be used; the rest keeps its default. */
  #fromAddress(address: URLSearchParams): void {
    const choose = (menu: HTMLSelectElement, name: string) => {
      const wanted = address.get(name);
      if ([...menu.options].some(({ value }) => value === wanted)) menu.value = wanted!;
    };
    choose(this.#system, "system");
    this.#startSystem();
    choose(this.#method, "method");
    choose(this.#mode, "mode");
    choose(this.#engine, "engine");
    choose(this.#tolerance, "tolerance");
    const number = (field: HTMLInputElement, name: string, low: number, high: number) => {
      const text = address.get(name);
      const value = Number(text);
      if (text !== null && text !== "" && value >= low && value <= high) field.value = text;
    };
    number(this.#parameter, "p", Number(this.#parameter.min), Number(this.#parameter.max));
    number(this.#x, "x", -BOUNDS.start, BOUNDS.start);
    number(this.#y, "y", -BOUNDS.start, BOUNDS.start);
    number(this.#t1, "t1", 0.5, BOUNDS.t1);
    number(this.#steps, "steps", 1, BOUNDS.steps);
    const compare = address.get("compare")?.split(".");
    if (compare) for (const box of this.#boxes()) box.checked = compare.includes(box.value);
  }
}

/** e.g. "dopri5: order 5, 7 stages, adaptive". */
function methodTitle(name: MethodName): string {
  const { order, stages, e } = METHODS[name];
  return `${name}: order ${order}, ${stages} ${stages === 1 ? "stage" : "stages"}${e ? ", adaptive" : ""}`;
}
