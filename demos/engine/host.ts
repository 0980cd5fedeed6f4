/** The browser by its user agent, as a table of times names it. */

const NAMES: Readonly<Record<string, string>> = { Edg: "Edge", OPR: "Opera", Version: "Safari" };

/**
 * E.g. "Chrome 150.0.0.0 (Windows NT 10.0; Win64; x64)"; the whole string where no browser is known in it. Others
 * call themselves Chrome, too, and all but Firefox call themselves Safari: the order tells them apart.
 */
export function hostOf(userAgent: string): string {
  const found =
    /(Firefox|Edg|OPR)\/([\d.]+)/.exec(userAgent) ??
    /(HeadlessChrome|Chrome)\/([\d.]+)/.exec(userAgent) ??
    /(Version)\/([\d.]+).* Safari/.exec(userAgent);
  if (!found) return userAgent;
  const system = /\([^)]*\)/.exec(userAgent)?.[0] ?? "";
  return `${NAMES[found[1]!] ?? found[1]} ${found[2]} ${system}`.trim();
}
