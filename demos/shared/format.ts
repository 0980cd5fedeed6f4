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
