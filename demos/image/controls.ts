/** The form: how light becomes density, how many points there are, and what learns them. */
import { byId, make, setText } from "../shared/dom.js";
import { fieldOf } from "../shared/field.js";
import { decimal } from "../shared/format.js";
import { REGULARISERS } from "../shared/regularisers.js";
import type { Config } from "./config.js";
import type { Tone } from "./density.js";

export interface ControlHooks {
  /** While a slider moves, and after every other change of the tone. */
  readonly onTone: () => void;
  /** After every change that is complete: what is learned or what learns it is another. */
  readonly onChange: () => void;
}

export class Controls {
  readonly #invert = byId("invert", HTMLInputElement);
  readonly #cut = byId("cut", HTMLInputElement);
  readonly #contrast = byId("contrast", HTMLInputElement);
  readonly #points = byId("points", HTMLSelectElement);
  readonly #hidden = byId("hidden", HTMLSelectElement);
  readonly #seed = byId("seed", HTMLInputElement);
  readonly #weights = REGULARISERS.map((setting) => {
    const options = setting.options.map(([value, title]) => new Option(title, value));
    return { setting, menu: make("select", {}, ...options) };
  });
  #config: Config;

  constructor(tone: Tone, config: Config, hooks: ControlHooks) {
    this.#config = config;
    this.#invert.checked = tone.invert;
    this.#cut.value = String(tone.cut);
    this.#contrast.value = String(Math.log2(tone.contrast));
    const after = byId("field-seed", HTMLElement);
    for (const { setting, menu } of this.#weights) after.before(fieldOf(setting.key, setting, menu));
    this.config = config;
    for (const slider of [this.#cut, this.#contrast]) {
      slider.addEventListener("input", () => {
        this.#showTone();
        hooks.onTone();
      });
      slider.addEventListener("change", hooks.onChange);
    }
    this.#invert.addEventListener("change", () => {
      hooks.onTone();
      hooks.onChange();
    });
    const menus = this.#weights.map(({ menu }) => menu);
    for (const control of [this.#points, this.#hidden, ...menus, this.#seed]) {
      control.addEventListener("change", () => {
        this.#read();
        hooks.onChange();
      });
    }
    this.#showTone();
  }

  get tone(): Tone {
    const { checked: invert } = this.#invert;
    return { invert, cut: Number(this.#cut.value), contrast: 2 ** Number(this.#contrast.value) };
  }

  get config(): Config {
    return this.#config;
  }

  set config(config: Config) {
    this.#config = config;
    for (const [menu, value] of [
      [this.#points, String(config.points)],
      [this.#hidden, config.hidden],
      ...this.#weights.map(({ setting, menu }) => [menu, String(config[setting.key])] as const),
    ] as const) {
      // A value that only the address can give is added to its menu.
      if (![...menu.options].some((option) => option.value === value)) menu.append(new Option(value, value));
      menu.value = value;
    }
    this.#seed.value = String(config.seed);
  }

  #read(): void {
    const { valueAsNumber: seed } = this.#seed;
    // What is no seed goes back to the one that holds.
    const known = this.#seed.checkValidity() && Number.isInteger(seed) ? seed : this.#config.seed;
    const weights = this.#weights.map(({ setting, menu }) => [setting.key, Number(menu.value)]);
    this.config = {
      ...this.#config,
      ...Object.fromEntries(weights),
      points: Number(this.#points.value),
      hidden: this.#hidden.value,
      seed: known,
    };
  }

  #showTone(): void {
    const { cut, contrast } = this.tone;
    setText(byId("cut-text", HTMLElement), `${decimal(100 * cut, 0)} %`);
    setText(byId("contrast-text", HTMLElement), decimal(contrast, 2));
  }
}
