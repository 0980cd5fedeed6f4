/** Numbers as the pages show them. */
const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 12,345 */
export function integer(value: number): string {
  return grouped.format(value);
}

/** A fixed number of decimals with a true minus sign; a dash when there is no number yet. */
export function decimal(value: number | undefined, digits = 3): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = value.toFixed(digits);
  // Rounding must not leave a negative zero.
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** A rate: one decimal below 100, none above. */
export function rate(value: number): string {
  return value < 100 ? decimal(value, 1) : integer(value);
}

const SUPERSCRIPT = new Map([..."-+0123456789"].map((sign, i) => [sign, [..."⁻", "", ..."⁰¹²³⁴⁵⁶⁷⁸⁹"][i]!]));

/** 10⁻⁶ */
export function powerOfTen(exponent: number): string {
  return `10${[...String(exponent)].map((sign) => SUPERSCRIPT.get(sign)).join("")}`;
}

/** 1.2 × 10⁻⁵, with that many digits after the point. */
export function scientific(value: number, digits = 1): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return decimal(value);
  const [mantissa, exponent] = value.toExponential(digits).split("e");
  return `${mantissa!.replace("-", "−")} × ${powerOfTen(Number(exponent))}`;
}
