/** Lines of equal density as an SVG picture. */
import { contours } from "d3-contour";
import { colorAt } from "../../shared/colormap.js";
import { CONTOUR_SHARES, massLevels } from "../../shared/contours.js";
import type { OwnData } from "../sets.js";

/** Widest first: each area is painted over the one around it. */
const SHARES = [...CONTOUR_SHARES].reverse();

const SIDE = 520;
const MARGIN = { left: 64, right: 16, top: 16, bottom: 52 };

export interface ContourFrame {
  readonly window: readonly [number, number];
  readonly columns: readonly [string, string];
  readonly own: OwnData | undefined;
}

/** @param logDensity [size, size] nats, row 0 at the top */
export function contourSvg(logDensity: Float32Array, size: number, frame: ContourFrame): string {
  const levels = massLevels(logDensity, SHARES).reverse();
  const scale = SIDE / size;
  const values = Array.from(logDensity, Math.exp);
  const make = contours().size([size, size]).smooth(true);
  const paths = levels.map((level, i) => {
    const rings = make.contour(values, Math.exp(level)).coordinates.flat();
    const d = rings.map(
      (ring) =>
        `M${ring.map(([x, y]) => `${round(MARGIN.left + x! * scale)},${round(MARGIN.top + y! * scale)}`).join("L")}Z`,
    );
    const color = colorAt((i + 1) / (SHARES.length + 0.5));
    const title = `${100 * SHARES[i]!} % of the probability, log p at least ${level.toFixed(2)} nats`;
    return `<path d="${d.join("")}" fill="${hex(color)}" stroke="#ffffff" stroke-opacity="0.5"><title>${title}</title></path>`;
  });
  const width = MARGIN.left + SIDE + MARGIN.right;
  const height = MARGIN.top + SIDE + MARGIN.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<rect x="${MARGIN.left}" y="${MARGIN.top}" width="${SIDE}" height="${SIDE}" fill="${hex(colorAt(0))}"/>`,
    ...paths,
    axes(frame),
    "</svg>",
    "",
  ].join("\n");
}

function axes({ window: [low, high], columns, own }: ContourFrame): string {
  const parts: string[] = [];
  for (let i = 0; i <= 4; i++) {
    const at = low + (i * (high - low)) / 4;
    const x = MARGIN.left + (i / 4) * SIDE;
    const y = MARGIN.top + SIDE - (i / 4) * SIDE;
    parts.push(
      `<text x="${x}" y="${MARGIN.top + SIDE + 18}" text-anchor="middle">${label(at, 0, own)}</text>`,
      `<text x="${MARGIN.left - 8}" y="${y + 4}" text-anchor="end">${label(at, 1, own)}</text>`,
    );
  }
  const middle = MARGIN.left + SIDE / 2;
  parts.push(
    `<text x="${middle}" y="${MARGIN.top + SIDE + 40}" text-anchor="middle">${safe(columns[0])}</text>`,
    `<text transform="translate(14 ${MARGIN.top + SIDE / 2}) rotate(-90)" text-anchor="middle">${safe(columns[1])}</text>`,
  );
  return `<g font-family="system-ui, sans-serif" font-size="12" fill="#142124">${parts.join("")}</g>`;
}

/** A coordinate of the picture in the units of the data. */
function label(at: number, axis: 0 | 1, own: OwnData | undefined): string {
  const value = own?.scaling ? own.scaling.mean[axis] + own.scaling.std[axis] * at : at;
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

const round = (value: number) => Math.round(10 * value) / 10;

const safe = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Of "rgb(1 2 3)", which drawing programs do not all read. */
function hex(color: string): string {
  const bytes = color.match(/\d+/g)!.map((byte) => Number(byte).toString(16).padStart(2, "0"));
  return `#${bytes.join("")}`;
}
