/** Everything the page found, as plain text for a bug report. */
import { adapterTitle } from "../shared/adapter.js";
import { decimal, integer } from "../shared/format.js";
import { type Checked, type Described, type Measured, passed } from "./protocol.js";

export interface Findings {
  readonly device?: Described;
  readonly checks: readonly Checked[];
  /** The table of the benchmark as Markdown; "" without. */
  readonly markdown: string;
  readonly measures: readonly Measured[];
  readonly browser: string;
}

/** An error as the page shows it: ULP with a decimal, counts as they are, relative errors as 1.2e-7. */
export function errorText({ unit, error }: Pick<Checked, "unit" | "error">): string {
  if (Number.isNaN(error)) return "no number";
  if (unit === "ULP") return decimal(error, 2);
  if (unit === "differing") return integer(error);
  return error === 0 ? "0" : error.toExponential(1);
}

/** A time in milliseconds with three digits. */
export function time(milliseconds: number): string {
  return String(Number(milliseconds.toPrecision(3)));
}

export function reportText({ device, checks, markdown, measures, browser }: Findings): string {
  const lines = ["fjordgpu engine report", `browser  ${browser}`];
  if (device) {
    lines.push(`adapter  ${adapterTitle(device.adapter)}`, "", "limits (in use / offered)");
    for (const { name, inUse, offered } of device.limits) lines.push(`  ${name}  ${inUse} / ${offered}`);
    lines.push(`  features  ${device.features.join(" ") || "none"}`);
  }
  if (checks.length > 0) {
    const good = checks.filter(passed).length;
    lines.push("", `self-test  ${good} of ${checks.length} passed (largest error / bound)`);
    for (const check of checks) {
      const { group, name, unit, failure } = check;
      const bound = errorText({ unit, error: check.bound });
      const verdict = passed(check) ? "ok  " : "FAIL";
      const why = failure ? `  ${failure}` : "";
      lines.push(`  ${verdict}  ${group}: ${name}  ${errorText(check)} / ${bound} ${unit}${why}`);
    }
  }
  if (markdown !== "") lines.push("", "benchmark", markdown);
  if (measures.length > 0) {
    lines.push("", "single operations (median)");
    for (const { name, size, milliseconds, repetitions, rate, unit } of measures) {
      const speed = Number(rate.toPrecision(3));
      lines.push(`  ${name} (${size})  ${time(milliseconds)} ms of ${repetitions}  ${speed} ${unit}`);
    }
  }
  return lines.join("\n");
}
