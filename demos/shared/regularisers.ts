/** RNODE's regularisers (arXiv:2002.02798) as settings of a page: their words, the weights to choose from, and the bounds. */
import type { FieldText } from "./field.js";

export interface RegulariserSetting extends FieldText {
  /** Names it in the address, and in the library's `regularise`. */
  readonly key: "kinetic" | "jacobian";
  readonly options: readonly (readonly [value: string, title: string])[];
}

const WEIGHTS = [
  ["0", "off"] as const,
  ...["0.001", "0.01", "0.1"].map((weight) => [weight, weight] as const),
];

export const REGULARISERS: readonly RegulariserSetting[] = [
  {
    key: "kinetic",
    label: "Kinetic regularisation",
    help: "Adds the squared speed of the points along their paths, times this weight, to the loss of likelihood.",
    raised:
      "straighter, shorter paths, which a loose tolerance follows in a few evaluations fewer; too high, and the density stays blurred.",
    options: WEIGHTS,
  },
  {
    key: "jacobian",
    label: "Jacobian regularisation",
    help: "Adds how differently neighbours move along their paths (the squared entries of ∂f/∂x), times this weight.",
    raised: "a smoother field; too high, and it cannot part the points of different shapes.",
    options: WEIGHTS,
  },
];

/** Whether a page takes this weight of a regulariser; 0: none. */
export function isRegulariserWeight(value: number): boolean {
  return value >= 0 && value <= 10;
}
