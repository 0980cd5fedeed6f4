/** The settings form: one entry of a table for each control, each with its sentence of help. */
import { data, LAYER_TYPES } from "fjordgpu";
import { make } from "../shared/dom.js";
import { type FieldText, fieldOf } from "../shared/field.js";
import { integer } from "../shared/format.js";
import { REGULARISERS } from "../shared/regularisers.js";
import {
  ADAPTIVE,
  type Config,
  OPTIMISERS,
  parseSetting,
  SOLVERS,
  type TRACES,
  WARM_STEPS,
} from "./config.js";
import { OWN } from "./sets.js";

export type SettingKey = Exclude<keyof Config, "set">;

interface Control extends FieldText {
  readonly key: SettingKey;
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
    help: "How many points there are to learn from.",
    raised: "the density becomes that of the set; a few points are soon learned by heart.",
    options: [200, 1000, 5000, 20_000, 50_000, 200_000].map((rows) => [String(rows), integer(rows)]),
    when: ({ set }) => set !== OWN,
  },
  {
    key: "noise",
    label: "Noise",
    help: "Width of the blur around the shape of the set, as a multiple of its own.",
    raised: "the shape dissolves, the entropy rises, and there is less to be learned.",
    options: [0.25, 0.5, 1, 2, 4].map((factor) => [String(factor), `${factor} ×`]),
    when: ({ set }) => set !== OWN && data.toy(set).withNoise !== undefined,
  },
  {
    key: "heldOut",
    label: "Held out",
    help: "Share of all points that is never trained on and only measures the NLL.",
    raised: "the held-out NLL is better known; of one’s own points fewer are left to train on.",
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
    help: "Number and widths of the layers of the network that moves the points.",
    raised: "it can bend space more finely, and each step costs more.",
    options: same(["16-16", "32-32", "64-64", "32-32-32", "64-64-64", "128-128-128"]),
  },
  {
    key: "layer",
    label: "Layer type",
    help: "How a layer sees time; concatsquash, FFJORD’s choice, both gates and shifts by it.",
    options: same(LAYER_TYPES),
  },
  {
    key: "activation",
    label: "Activation",
    help: "What bends between the layers; smooth ones make smooth paths, relu has kinks that cost an adaptive solver steps.",
    options: same(["tanh", "softplus", "swish", "elu", "sigmoid", "sin", "relu"]),
  },
  {
    key: "T",
    label: "End time T",
    help: "How long points travel from data to noise; the field may be slower when it has longer.",
    raised: "a gentler field, and longer solves for the same change.",
    options: same(["0.5", "1", "2", "4"]),
  },
  {
    key: "solver",
    label: "Solver",
    help: "How the points are carried through time; adaptive solvers choose their own steps.",
    options: SOLVERS.map((name) => [
      name,
      `${name}, ${ADAPTIVE.includes(name) ? "adaptive" : "fixed"} steps`,
    ]),
  },
  {
    key: "solverSteps",
    label: "Solver steps",
    help: "Steps from data to noise: with too few, ∫p drifts away from 1.",
    raised: "a more exact density, and more time for each training step.",
    range: [1, 64],
    when: ({ solver }) => !ADAPTIVE.includes(solver),
  },
  {
    key: "rtol",
    label: "Tolerance",
    help: "Error allowed in one step of the solver.",
    raised: "fewer evaluations and a coarser density; too high, and training exploits the error.",
    options: same(["0.000001", "0.00001", "0.0001", "0.001", "0.01"]),
    when: ({ solver }) => ADAPTIVE.includes(solver),
  },
  {
    key: "trace",
    label: "Trace in training",
    help: "Divergence of the field: exact, or estimated with one random probe, as high dimensions need; a Gaussian probe scatters more.",
    options: [
      ["exact", "exact"],
      ["rademacher", "Hutchinson, ±1 probe"],
      ["gaussian", "Hutchinson, Gaussian probe"],
    ] satisfies [(typeof TRACES)[number], string][],
  },
  ...REGULARISERS,
  {
    key: "warm",
    label: "Warm start",
    help: "First learns straight paths from data to noise (flow matching), which takes no solver and shows a density within seconds; exact likelihood then goes on from there.",
    on: WARM_STEPS,
  },
  {
    key: "optimiser",
    label: "Optimiser",
    help: "What turns gradients into steps of the weights; adamw also lets all weights shrink a little.",
    options: same(OPTIMISERS),
  },
  {
    key: "lr",
    label: "Learning rate",
    help: "Size of the optimiser’s steps after the warm start.",
    raised: "it learns faster, until the loss begins to jump.",
    options: same(["0.0005", "0.001", "0.002", "0.005", "0.01", "0.02"]),
  },
  {
    key: "batch",
    label: "Batch",
    help: "Points seen in one training step.",
    raised: "a calmer loss, and a slower step.",
    options: same(["64", "128", "256", "512", "1024", "2048"]),
  },
  {
    key: "seed",
    label: "Seed",
    help: "Decides data, first weights and batches: the same seed gives the same run on the same device, another number another one.",
    range: [0, 999_999],
  },
  {
    key: "steps",
    label: "Training steps",
    help: "The run ends by itself after so many, those of the warm start not counted.",
    raised: "it goes on for longer.",
    range: [1, 1_000_000],
  },
];

/** Settings that have a meaning in this configuration, each with its name and its value in words. */
export function spokenSettings(config: Config): Map<SettingKey, readonly [label: string, value: string]> {
  const spoken = new Map<SettingKey, readonly [string, string]>();
  for (const { key, label, options, on, when } of CONTROLS) {
    if (when?.(config) === false) continue;
    const value = String(config[key]);
    const title = options?.find(([option]) => option === value)?.[1];
    const text = on === undefined ? (title ?? value) : config[key] === 0 ? "off" : "on";
    spoken.set(key, [label, text]);
  }
  return spoken;
}

export interface ControlsOptions {
  /** Of the ids of the fields, each of which is `${prefix}-${key}`; default "setting". */
  readonly prefix?: string;
  /** Which settings the form has; default all. */
  readonly keys?: readonly SettingKey[];
  /** Sentences that replace the usual ones. */
  readonly help?: Partial<Record<SettingKey, string>>;
}

export class Controls {
  readonly #inputs = new Map<SettingKey, HTMLSelectElement | HTMLInputElement>();
  readonly #fields: { control: Control; field: HTMLElement }[] = [];

  /** @param onChange called with the new settings after every valid change */
  constructor(
    host: HTMLElement,
    public config: Config,
    readonly onChange: (config: Config) => void,
    readonly options: ControlsOptions = {},
  ) {
    const { keys } = options;
    for (const control of CONTROLS)
      if (!keys || keys.includes(control.key)) host.append(this.#field(control));
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

  /** Marks the fields of these settings. */
  mark(keys: readonly SettingKey[]): void {
    for (const { control, field } of this.#fields) {
      field.classList.toggle("marked", keys.includes(control.key));
    }
  }

  #field(control: Control): HTMLElement {
    const { key, options, range, on } = control;
    const { prefix = "setting", help = {} } = this.options;
    const input = options
      ? make("select", {}, ...options.map(([value, title]) => new Option(title, value)))
      : on !== undefined
        ? make("input", { type: "checkbox" })
        : make("input", { type: "number", min: String(range?.[0]), max: String(range?.[1]), step: "1" });
    // What a switch says is a number too; `on` is that of switches alone.
    const text = () =>
      input instanceof HTMLInputElement && on !== undefined ? String(input.checked ? on : 0) : input.value;
    input.addEventListener("change", () => this.#read(key, text()));
    this.#inputs.set(key, input);
    const field = fieldOf(`${prefix}-${key}`, { ...control, help: help[key] ?? control.help }, input);
    this.#fields.push({ control, field });
    return field;
  }

  #read(key: SettingKey, text: string): void {
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
