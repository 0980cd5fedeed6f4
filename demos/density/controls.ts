/** The settings form: one entry of a table for each control; its sentence of help stands in the page. */
import { data, LAYER_TYPES } from "fjordgpu";
import { byId, make } from "../shared/dom.js";
import {
  ACTIVATIONS,
  ADAPTIVE,
  type Config,
  OPTIMISERS,
  parseSetting,
  SOLVERS,
  type TRACES,
  WARM_STEPS,
} from "./config.js";
import { OWN } from "./sets.js";

type Key = Exclude<keyof Config, "set">;

interface Control {
  readonly key: Key;
  readonly label: string;
  /** A menu of these values, a number field with these bounds, or a switch between 0 and this number. */
  readonly options?: readonly (readonly [value: string, title: string])[];
  readonly range?: readonly [low: number, high: number];
  readonly on?: number;
  /** Shown only while this holds. */
  readonly when?: (config: Config) => boolean;
}

const same = (values: readonly string[]) => values.map((value) => [value, value] as const);

const CONTROLS: readonly Control[] = [
  {
    key: "rows",
    label: "Points",
    options: same(["200", "1000", "5000", "20000", "50000", "200000"]),
    when: ({ set }) => set !== OWN,
  },
  {
    key: "noise",
    label: "Noise",
    options: [0.25, 0.5, 1, 2, 4].map((factor) => [String(factor), `${factor} ×`]),
    when: ({ set }) => set !== OWN && data.toy(set).withNoise !== undefined,
  },
  {
    key: "heldOut",
    label: "Held out",
    options: [
      ["0", "none"],
      ["0.1", "10 %"],
      ["0.2", "20 %"],
      ["0.5", "50 %"],
    ],
  },
  {
    key: "hidden",
    label: "Hidden layers",
    options: same(["32-32", "32-32-32", "64-64-64", "128-128-128"]),
  },
  {
    key: "layer",
    label: "Layer type",
    options: same(LAYER_TYPES),
  },
  {
    key: "activation",
    label: "Activation",
    options: same(ACTIVATIONS),
  },
  {
    key: "T",
    label: "End time T",
    options: same(["0.5", "1", "2", "4"]),
  },
  {
    key: "solver",
    label: "Solver",
    options: SOLVERS.map((name) => [
      name,
      `${name}, ${ADAPTIVE.includes(name) ? "adaptive" : "fixed"} steps`,
    ]),
  },
  {
    key: "solverSteps",
    label: "Solver steps",
    range: [1, 64],
    when: ({ solver }) => !ADAPTIVE.includes(solver),
  },
  {
    key: "rtol",
    label: "Tolerance",
    options: same(["0.000001", "0.00001", "0.0001", "0.001", "0.01"]),
    when: ({ solver }) => ADAPTIVE.includes(solver),
  },
  {
    key: "trace",
    label: "Trace in training",
    options: [
      ["exact", "exact"],
      ["rademacher", "Hutchinson, ±1 probe"],
      ["gaussian", "Hutchinson, Gaussian probe"],
    ] satisfies [(typeof TRACES)[number], string][],
  },
  {
    key: "warm",
    label: "Warm start",
    on: WARM_STEPS,
  },
  {
    key: "optimiser",
    label: "Optimiser",
    options: same(OPTIMISERS),
  },
  {
    key: "lr",
    label: "Learning rate",
    options: same(["0.0005", "0.001", "0.002", "0.005", "0.01", "0.02"]),
  },
  {
    key: "batch",
    label: "Batch",
    options: same(["64", "128", "256", "512", "1024", "2048"]),
  },
  {
    key: "seed",
    label: "Seed",
    range: [0, 999_999],
  },
  {
    key: "steps",
    label: "Training steps",
    range: [1, 1_000_000],
  },
];

export class Controls {
  readonly #inputs = new Map<Key, HTMLSelectElement | HTMLInputElement>();
  readonly #fields: { control: Control; field: HTMLElement }[] = [];

  /** @param onChange called with the new settings after every valid change */
  constructor(
    host: HTMLElement,
    public config: Config,
    readonly onChange: (config: Config) => void,
  ) {
    for (const control of CONTROLS) host.append(this.#field(control));
    this.show(config);
  }

  /** Fills the form. */
  show(config: Config): void {
    this.config = config;
    for (const [key, input] of this.#inputs) {
      const value = String(config[key]);
      // A value that only the address can give is added to its menu.
      if (
        input instanceof HTMLSelectElement &&
        ![...input.options].some((option) => option.value === value)
      ) {
        input.append(new Option(value, value));
      }
      if (input.type === "checkbox") (input as HTMLInputElement).checked = config[key] !== 0;
      else input.value = value;
    }
    for (const { control, field } of this.#fields) field.hidden = control.when?.(config) === false;
  }

  #field(control: Control): HTMLElement {
    const { key, label, options, range, on } = control;
    const id = `setting-${key}`;
    const input = options
      ? make("select", {}, ...options.map(([value, title]) => new Option(title, value)))
      : on !== undefined
        ? make("input", { type: "checkbox" })
        : make("input", { type: "number", min: String(range?.[0]), max: String(range?.[1]), step: "1" });
    input.id = id;
    input.setAttribute("aria-describedby", `${id}-help`);
    // What a switch says is a number too; `on` is that of switches alone.
    const text = () =>
      input instanceof HTMLInputElement && on !== undefined ? String(input.checked ? on : 0) : input.value;
    input.addEventListener("change", () => this.#read(key, text()));
    this.#inputs.set(key, input);
    const name =
      on === undefined
        ? [make("label", { htmlFor: id }, label), input]
        : [make("label", { className: "tick", htmlFor: id }, input, label)];
    const hint = byId(`${id}-help`, HTMLElement);
    const field = make("div", { className: "field" }, ...name, hint);
    this.#fields.push({ control, field });
    return field;
  }

  #read(key: Key, text: string): void {
    // Menus may write a number in a longer way than String() does.
    const value = parseSetting(key, text);
    if (value === undefined) {
      // Back to what holds, rather than a run with a value that nobody chose.
      this.show(this.config);
      return;
    }
    const config = { ...this.config, [key]: value };
    this.show(config);
    this.onChange(config);
  }
}
