/**
 * The colour map of densities: night blue over sea green to pale yellow. Lightness rises linearly and the hue
 * leaves out the red–green axis, so it reads in order with any kind of colour vision and in grey.
 *
 * Made in OKLCh (B. Ottosson, "A perceptual color space for image processing", 2020), whose matrices these are.
 */
const LEVELS = 256;

/** Nats below the maximum that the colours of log p show. */
export const LOG_RANGE = 8;

/** OKLCh (hue in degrees) → linear sRGB, which may lie outside 0 … 1. */
function linearRgb(lightness: number, chroma: number, hue: number): [number, number, number] {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

/** OKLCh → sRGB bytes, with the chroma lowered until the colour exists. */
export function oklch(lightness: number, chroma: number, hue: number): [number, number, number] {
  let c = chroma;
  let rgb = linearRgb(lightness, c, hue);
  while (c > 0.001 && rgb.some((channel) => channel < 0 || channel > 1)) {
    c *= 0.95;
    rgb = linearRgb(lightness, c, hue);
  }
  return rgb.map((channel) => {
    const x = Math.min(1, Math.max(0, channel));
    return Math.round(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055));
  }) as [number, number, number];
}

/** Bytes r, g, b of 256 levels, darkest first. */
export const COLOR_MAP: Uint8ClampedArray = (() => {
  const bytes = new Uint8ClampedArray(3 * LEVELS);
  for (let level = 0; level < LEVELS; level++) {
    const x = level / (LEVELS - 1);
    const hue = 268 - 168 * x ** 1.15;
    const chroma = 0.045 + 0.1 * Math.sin(Math.PI * Math.min(1, x + 0.04));
    bytes.set(oklch(0.19 + 0.77 * x, chroma, hue), 3 * level);
  }
  return bytes;
})();

/** The CSS colour at x in [0, 1]. */
export function colorAt(x: number): string {
  const at = 3 * Math.round(Math.min(1, Math.max(0, x)) * (LEVELS - 1));
  return `rgb(${COLOR_MAP[at]} ${COLOR_MAP[at + 1]} ${COLOR_MAP[at + 2]})`;
}

/** A wheel of `count` colours of equal lightness, for telling starting points apart. */
export function colorWheel(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `rgb(${oklch(0.78, 0.12, (360 * i) / count).join(" ")})`);
}
