/** The forms: which comparison, what both sides have in common, and what each has of its own. */
import type { Config } from "../density/config.js";
import { Controls, type SettingKey, spokenSettings } from "../density/controls.js";
import { OWN, type OwnData, ownData, SETS, setOf } from "../density/sets.js";
import { byId, make, setText } from "../shared/dom.js";
import { COMMON_KEYS, differences, OWN_KEYS, type Pair, SIDES, withSide } from "./pair.js";
import { applied, PRESETS, presetOf } from "./presets.js";

const CUSTOM =
  "A comparison of your own: what differs is written above the pictures and marked in the settings.";
const ALIKE = "A and B are alike: give one of them another setting, or choose a comparison.";

export class Settings {
  readonly #set = byId("set", HTMLSelectElement);
  readonly #presets = new Map<string, HTMLInputElement>();
  readonly #common: Controls;
  readonly #own: readonly (readonly ["a" | "b", Controls])[];

  /** @param onChange called with the new pair after every choice */
  constructor(
    public pair: Pair,
    readonly onChange: (pair: Pair) => void,
  ) {
    for (const preset of PRESETS) {
      const input = make("input", { type: "radio", name: "preset", value: preset.name });
      input.addEventListener("change", () => onChange(applied(preset, this.pair)));
      this.#presets.set(preset.name, input);
      byId("presets", HTMLElement).append(make("label", { className: "pill" }, input, preset.title));
    }
    for (const { name, title } of SETS) this.#set.append(new Option(title, name));
    this.#set.addEventListener("change", () => this.#choose({ ...this.pair.a, set: this.#set.value }));
    this.#common = new Controls(byId("common", HTMLElement), pair.a, (config) => this.#choose(config), {
      prefix: "common",
      keys: COMMON_KEYS.filter((key) => key !== "set"),
      help: {
        seed: "Decides data, first weights and batches of both: sides with the same network begin alike.",
        steps: "Each side ends after so many, those of a warm start counted.",
      },
    });
    this.#own = SIDES.map((side) => {
      const change = (config: Config) => onChange(withSide(this.pair, side, config));
      const form = byId(`settings-${side}`, HTMLElement);
      return [side, new Controls(form, pair[side], change, { prefix: side, keys: OWN_KEYS })] as const;
    });
    this.show(pair);
  }

  /** Adds the reader's own points to the data sets, if there are any. */
  addOwn(own: OwnData | undefined): void {
    if (own && ![...this.#set.options].some(({ value }) => value === OWN)) {
      this.#set.append(new Option(own.title, OWN));
    }
  }

  /** Fills all forms. */
  show(pair: Pair): void {
    this.pair = pair;
    this.addOwn(ownData());
    this.#set.value = pair.a.set;
    setText(byId("set-about", HTMLElement), setOf(pair.a).about);
    this.#common.show(pair.a);
    const different = differences(pair);
    for (const [side, controls] of this.#own) {
      controls.show(pair[side]);
      controls.mark(different);
      byId(`differs-${side}`, HTMLElement).replaceChildren(...this.#chips(pair[side], different));
    }
    const preset = presetOf(pair);
    for (const [name, input] of this.#presets) input.checked = name === preset?.name;
    setText(byId("preset-about", HTMLElement), preset?.about ?? (different.length > 0 ? CUSTOM : ALIKE));
  }

  #choose(a: Config): void {
    this.onChange(withSide(this.pair, "a", a));
  }

  /** What this side has otherwise than the other one, in words. */
  #chips(config: Config, different: readonly SettingKey[]): HTMLElement[] {
    const spoken = spokenSettings(config);
    const chips = different.flatMap((key) => {
      const found = spoken.get(key);
      return found ? [make("li", {}, `${found[0]}: `, make("strong", {}, found[1]))] : [];
    });
    return chips.length > 0 ? chips : [make("li", {}, "like the other side")];
  }
}
